/** The composition root of the activities: every capability, built once for this process. */
import type { ActivityDependencies } from '../activities/dependencies.ts';
import { createPlanOf, createSecret } from './dependencies.ts';
import type { Plans } from './plans.ts';

export interface WorkerActivities {
  readonly activities: object;
  /** Lets go of connections that activities keep. */
  close(): Promise<void>;
}

export function createWorkerActivities(parts: { readonly plans: Plans; readonly planFolder: string }): WorkerActivities {
  const dependencies: Omit<ActivityDependencies, 'agent'> = {
    planOf: createPlanOf(parts.plans),
    secret: createSecret(parts.planFolder),
    now: () => new Date(),
  };
  return { activities: { ...dependencies }, close: async () => undefined };
}
