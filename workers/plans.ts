/** Plans by digest. A run works on the plan that it started with, even when the worker has been given a newer one since. */
import { digestOf } from '../plan/load.ts';
import { planSchema, type Plan, type PlanSnapshot } from '../plan/schema.ts';

export interface Plans {
  /** The plan that this worker was started with; new runs take it. */
  readonly loaded: PlanSnapshot;
  /** Whether it is here already, without asking anybody. */
  holds(digest: string): boolean;
  /** The plan with this digest. Throws PlanUnknownError when neither the worker nor the run has it. */
  of(digest: string): Promise<Plan>;
}

/** `askRun` gets the snapshot from the run for which the caller works; null when there is none to ask. A plan counts by the digest that is computed here, not by the one that comes with it. */
export function createPlans(loaded: PlanSnapshot, askRun: () => Promise<PlanSnapshot | null>): Plans {
  const known = new Map<string, Plan>([[loaded.digest, loaded.plan]]);
  return {
    loaded,
    holds: (digest) => known.has(digest),
    async of(digest) {
      const held = known.get(digest);
      if (held) return held;
      const told = (await askRun())?.plan;
      if (told === undefined || digestOf(told) !== digest) throw new PlanUnknownError(digest, loaded.digest);
      const parsed = planSchema.safeParse(told);
      if (!parsed.success || parsed.data.estate.name !== loaded.plan.estate.name) throw new PlanUnknownError(digest, loaded.digest);
      known.set(digest, parsed.data);
      return parsed.data;
    },
  };
}

/** No one here has the plan with this digest. */
export class PlanUnknownError extends Error {
  constructor(digest: string, loaded: string) {
    super(
      `The plan ${digest.slice(0, 12)} is not the one that this worker holds (${loaded.slice(0, 12)}), and what the run told for it has another digest, or is no plan of this release.`,
    );
    this.name = 'PlanUnknownError';
  }
}
