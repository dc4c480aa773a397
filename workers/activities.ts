/** The composition root of the activities: every capability, built once for this process. */
import { createApplicationActivities } from '../activities/application/activities.ts';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import { createAccessActivities } from '../activities/access/activities.ts';
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
  const dependencies: ActivityDependencies = { planOf, secret, agent: (run, site) => agents.agent(run, site), now: () => new Date() };
  return {
    activities: {
      ...createAccessActivities(dependencies, parts.planFolder),
      ...createHostsActivities(dependencies),
      ...createServicesActivities(dependencies),
      ...createInfrastructureActivities(dependencies),
      ...createApplicationActivities(dependencies),
    },
    close: () => agents.close(),
  };
}
