/** The application service, through the service manager of each site's host. */
import { attemptToRead } from '../attempt.ts';
import { changeOf } from '../change.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { createServiceCaller } from '../probing/service.ts';
import { untilHealthy } from './health.ts';
import type { ServicesActivities } from './port.ts';

export function createServicesActivities(dependencies: FolderDependencies): ServicesActivities {
  const { agent, now } = dependencies;
  return {
    async readService({ run, site }) {
      const answer = await attemptToRead(
        () => agent(run, site).ask('service-status'),
        (fields) => ({ active: fields.flag('active'), enabled: fields.flag('enabled'), detail: fields.get('detail') }),
      );
      return answer.ok ? { site, reachable: true, ...answer.value } : { site, reachable: false, active: false, enabled: false, detail: answer.reason };
    },

    async startService({ run, site }) {
      return changeOf(await agent(run, site).change('service-start'), site, now());
    },

    async stopService({ run, site }) {
      return changeOf(await agent(run, site).change('service-stop'), site, now());
    },

    async awaitService({ run, site, withinSeconds }) {
      const plan = await dependencies.planOf(run.planDigest);
      return untilHealthy(plan, await createServiceCaller(plan, dependencies.planFolder), site, withinSeconds);
    },
  };
}
