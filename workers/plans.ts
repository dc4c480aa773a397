/** Plans by digest. A run works on the plan that it started with, even when the worker has been given a newer one since. */
import type { Plan, PlanSnapshot } from '../plan/schema.ts';

export interface Plans {
  /** The plan that this worker was started with; new runs take it. */
  readonly loaded: PlanSnapshot;
  /** The plan with this digest. Throws when neither the worker nor the run has it. */
  of(digest: string): Promise<Plan>;
}

/** `askRun` gets the snapshot from the run for which the caller works; null when there is none to ask. */
export function createPlans(loaded: PlanSnapshot, askRun: () => Promise<PlanSnapshot | null>): Plans {
  const known = new Map<string, Plan>([[loaded.digest, loaded.plan]]);
  return {
    loaded,
    async of(digest) {
      const plan = known.get(digest);
      if (plan) return plan;
      const snapshot = await askRun();
      if (snapshot?.digest !== digest) throw new PlanUnknownError(digest, loaded.digest);
      known.set(digest, snapshot.plan);
      return snapshot.plan;
    },
  };
}

/** No one here has the plan with this digest. */
export class PlanUnknownError extends Error {
  constructor(digest: string, loaded: string) {
    super(`The plan ${digest.slice(0, 12)} is not the one that this worker holds (${loaded.slice(0, 12)}), and the run did not tell it.`);
    this.name = 'PlanUnknownError';
  }
}
