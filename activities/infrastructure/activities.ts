/** Capacity, through the command that each site's agent is configured with. */
import { changeOf } from '../change.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { InfrastructureActivities } from './port.ts';

export function createInfrastructureActivities(dependencies: ActivityDependencies): InfrastructureActivities {
  const { agent, now } = dependencies;
  return {
    async setCapacity({ run, site, percent }) {
      return changeOf(await agent(run, site).change('capacity-set', String(percent)), site, now());
    },
  };
}
