/** What activities are built with: the plan by digest, secrets, the sites' agents, the clock. */
import type { ActivityDependencies } from '../activities/dependencies.ts';
import { failure } from '../activities/errors.ts';
import { currentContext } from '../activities/task.ts';
import { resolveSecret, SecretMissingError } from '../plan/secrets.ts';
import { PlanUnknownError } from './plans.ts';
import type { Plans } from './plans.ts';

/** Asks the run for which the current activity works; null when this is no activity of a run. */
export async function askRunOfActivity<T>(ask: (runId: string) => Promise<T>): Promise<T | null> {
  const workflowId = currentContext()?.info.workflowExecution?.workflowId;
  return workflowId === undefined ? null : ask(workflowId);
}

export function createPlanOf(plans: Plans): ActivityDependencies['planOf'] {
  return async (digest) => {
    try {
      return await plans.of(digest);
    } catch (error) {
      if (error instanceof PlanUnknownError) throw failure('plan-changed', { happened: error.message, leftAs: 'Nothing was done.' }, { digest }, error);
      throw failure('transient', { happened: 'The run could not be asked for its plan.', leftAs: 'Nothing was done.' }, { digest }, error);
    }
  };
}

export function createSecret(planFolder: string): ActivityDependencies['secret'] {
  return async (reference) => {
    try {
      return await resolveSecret(reference, planFolder);
    } catch (error) {
      if (error instanceof SecretMissingError)
        throw failure('secret-missing', { happened: error.message, leftAs: 'Nothing was done.' }, { reference: error.reference });
      throw error;
    }
  };
}
