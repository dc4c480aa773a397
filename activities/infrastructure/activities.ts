/** Capacity, through the command that each site's agent is configured with. */
import { changeOf } from '../change.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import type { InfrastructureActivities } from './port.ts';

export function createInfrastructureActivities(dependencies: ActivityDependencies): InfrastructureActivities {
  const { agent, now } = dependencies;
  return {
    async readCapacity({ run, site }) {
      const answer = await agent(run, site).ask('capacity-status');
      if (answer.reachable) return Number(answer.fields.get('percent'));
      throw failure('transient', { happened: `The capacity of ${site} is not known: ${answer.reason}.`, leftAs: 'Nothing was changed.' }, { site });
    },

    async setCapacity({ run, site, percent }) {
      return changeOf(await agent(run, site).change('capacity-set', String(percent)), site, now());
    },
  };
}
