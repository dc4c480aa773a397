/** The plan's witnesses: objects in S3. */
import { witnessesOf } from '../../plan/rules/holders.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { WitnessActivities } from './port.ts';
import { claimWitness, readWitness } from './s3.ts';

export function createWitnessActivities(dependencies: ActivityDependencies): WitnessActivities {
  return {
    async readWitnesses({ run }) {
      const plan = await dependencies.planOf(run.planDigest);
      return Promise.all(witnessesOf(plan).map(({ name }) => readWitness(dependencies, plan, name)));
    },

    async claimWitness({ run, witness }) {
      return claimWitness(dependencies, await dependencies.planOf(run.planDigest), run, witness);
    },
  };
}
