/** The application's files and certificate, as the agent on the target's host finds them. */
import { siteOf } from '../ssh/agent.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { judgeFiles } from './judge.ts';
import type { ApplicationActivities } from './port.ts';

export function createApplicationActivities(dependencies: ActivityDependencies): ApplicationActivities {
  return {
    async checkApplication({ run, site }) {
      const plan = await dependencies.planOf(run.planDigest);
      siteOf(plan, site);
      const answer = await dependencies.agent(run, site).ask('files-status');
      if (!answer.reachable)
        throw failure(
          'transient',
          { happened: `The agent of ${site} could not be reached for its files: ${answer.reason}.`, leftAs: 'Nothing was changed.' },
          { site },
        );
      const { fields } = answer;
      const certificateExpiresAt = fields.find('cert_not_after');
      return judgeFiles(plan.estate.service, {
        site,
        files: fields.all('file'),
        certificateNames: (fields.find('cert_names') ?? '').split(' ').filter((name) => name !== ''),
        ...(certificateExpiresAt === undefined ? {} : { certificateExpiresAt }),
        now: dependencies.now(),
      });
    },
  };
}
