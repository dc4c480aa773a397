/** Chooses the driver of a capability by the plan of the run that calls: runs of several plans may share a worker. */
import type { RunContext } from '../activities/context.ts';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import type { Plan } from '../plan/schema.ts';

type Act = (input: { readonly run: RunContext }) => Promise<unknown>;

/** Activities that look up their driver at each call. All drivers have the same activities: those of the capability's port. */
export function byPlan<T extends object, Driver extends string>(
  { planOf }: Pick<ActivityDependencies, 'planOf'>,
  driverOf: (plan: Plan) => Driver,
  drivers: Readonly<Record<Driver, T>>,
): T {
  const [first] = Object.values<T>(drivers);
  const chosen = Object.keys(first ?? {}).map((name) => {
    const act: Act = async (input) => {
      const plan = await planOf(input.run.planDigest);
      return (drivers[driverOf(plan)] as Record<string, Act>)[name]?.(input);
    };
    return [name, act] as const;
  });
  return Object.fromEntries(chosen) as T;
}
