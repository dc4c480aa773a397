/** The application's files and certificate, as the agent on the target's host finds them. */
import { siteOf } from '../ssh/programs.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { mustAsk } from '../must-ask.ts';
import { judgeFiles } from './judge.ts';
import type { ApplicationActivities } from './port.ts';

export function createApplicationActivities(dependencies: ActivityDependencies): ApplicationActivities {
  return {
    async checkApplication({ run, site }) {
      const plan = await dependencies.planOf(run.planDigest);
      siteOf(plan, site);
      const fields = await mustAsk(dependencies, run, site, { verb: 'files-status', what: 'its files', leftAs: 'Nothing was changed.' });
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
