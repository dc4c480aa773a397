/** Epochs and identities, asked from the site agents. */
import { attemptToRead } from '../attempt.ts';
import { changeOf } from '../change.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { AgentState, HostsActivities } from './port.ts';

export function createHostsActivities(dependencies: ActivityDependencies): HostsActivities {
  return {
    async readAgents({ run, sites }) {
      return Promise.all(
        sites.map(async (site): Promise<AgentState> => {
          const answer = await attemptToRead(
            () => dependencies.agent(run, site).ask('identify'),
            (fields): AgentState => {
              const named = fields.get('site');
              if (named !== site) return { site, reachable: false, reason: `the agent there calls itself ${named}; the plan's address leads to another site` };
              return {
                site,
                reachable: true,
                epoch: Number(fields.get('epoch')),
                epochHolder: fields.get('epoch_holder'),
              };
            },
          );
          return answer.ok ? answer.value : { site, reachable: false, reason: answer.reason };
        }),
      );
    },

    async claimEpoch({ run, site }) {
      return changeOf(await dependencies.agent(run, site).change('epoch-claim'), site, dependencies.now());
    },
  };
}
