/** The composition root of the activities: every capability, built once for this process. */
import { createApplicationActivities } from '../activities/application/activities.ts';
import type { FolderDependencies } from '../activities/dependencies.ts';
import { createAccessActivities } from '../activities/access/activities.ts';
import { createCommunicationActivities } from '../activities/communication/activities.ts';
import { createDetectionActivities } from '../activities/detection/activities.ts';
import { createDnsActivities } from '../activities/dns/activities.ts';
import { createMonitoringActivities } from '../activities/monitoring/activities.ts';
import { createReportingActivities } from '../activities/reporting/activities.ts';
import { createVerificationActivities } from '../activities/verification/activities.ts';
import { createHostsActivities } from '../activities/hosts/activities.ts';
import { createInfrastructureActivities } from '../activities/infrastructure/activities.ts';
import { createServicesActivities } from '../activities/services/activities.ts';
import { createAgentPool } from '../activities/ssh/agent.ts';
import { createPlanOf, createSecret } from './dependencies.ts';
import type { Plans } from './plans.ts';

export interface WorkerActivities {
  readonly activities: object;
  /** Lets go of connections that activities keep. */
  close(): Promise<void>;
}

export function createWorkerActivities(parts: { readonly plans: Plans; readonly planFolder: string }): WorkerActivities {
  const planOf = createPlanOf(parts.plans);
  const secret = createSecret(parts.planFolder);
  const agents = createAgentPool({ planOf, secret });
  const dependencies: FolderDependencies = {
    planFolder: parts.planFolder,
    planOf,
    secret,
    agent: (run, site) => agents.agent(run, site),
    now: () => new Date(),
  };
  return {
    activities: {
      ...createAccessActivities(dependencies),
      ...createDetectionActivities(dependencies),
      ...createDnsActivities(dependencies),
      ...createVerificationActivities(dependencies),
      ...createMonitoringActivities(dependencies),
      ...createCommunicationActivities(dependencies),
      ...createReportingActivities({ ...dependencies, loadedPlan: parts.plans.loaded }),
      ...createHostsActivities(dependencies),
      ...createServicesActivities(dependencies),
      ...createInfrastructureActivities(dependencies),
      ...createApplicationActivities(dependencies),
    },
    close: () => agents.close(),
  };
}
