/** What activities are built with: the plan by digest, secrets, the sites' agents, the clock. */
import type { ActivityDependencies } from '../activities/dependencies.ts';
import { failure } from '../activities/errors.ts';
import { resolveSecret, SecretMissingError } from '../plan/secrets.ts';
import { PlanUnknownError } from './plans.ts';
import type { Plans } from './plans.ts';

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

/** Values behind references; files only in the plan's folder and in `folders`. */
export function createSecret(planFolder: string, folders: readonly string[]): ActivityDependencies['secret'] {
  return async (reference) => {
    try {
      return await resolveSecret(reference, planFolder, folders);
    } catch (error) {
      if (error instanceof SecretMissingError)
        throw failure('secret-missing', { happened: error.message, leftAs: 'Nothing was done.' }, { reference: error.reference });
      throw error;
    }
  };
}
