/** The composition root of the activities: every capability, built once for this process. */
import { createAccessActivities } from '../activities/access/activities.ts';
import { createApplicationActivities } from '../activities/application/activities.ts';
import { createCacheActivities } from '../activities/cache/activities.ts';
import { createCommunicationActivities } from '../activities/communication/activities.ts';
import { createElastiCacheActivities } from '../activities/cache/elasticache.ts';
import { createRdsActivities } from '../activities/database/rds.ts';
import { createDatabaseActivities } from '../activities/database/activities.ts';
import { createDetectionActivities } from '../activities/detection/activities.ts';
import { createDnsActivities } from '../activities/dns/activities.ts';
import { createElastiCacheFencing } from '../activities/fencing/elasticache.ts';
import { createRdsFencing } from '../activities/fencing/rds.ts';
import { createFencingActivities } from '../activities/fencing/activities.ts';
import { createHostsActivities } from '../activities/hosts/activities.ts';
import { createJobsActivities } from '../activities/jobs/activities.ts';
import type { Activities } from '../activities/index.ts';
import { createAutoScalingCapacity } from '../activities/infrastructure/auto-scaling.ts';
import { Lookouts } from '../activities/lookouts.ts';
import { createInfrastructureActivities } from '../activities/infrastructure/activities.ts';
import { createMonitoringActivities } from '../activities/monitoring/activities.ts';
import { createReportingActivities } from '../activities/reporting/activities.ts';
import type { ReportingDependencies } from '../activities/reporting/activities.ts';
import { createRestoreActivities } from '../activities/restore/activities.ts';
import { createStoreJobs, createStoreRestores } from '../activities/restore/by-store.ts';
import { createServicesActivities } from '../activities/services/activities.ts';
import { createStackActivities } from '../activities/stack/activities.ts';
import { createObserverSessions } from '../activities/probing/sessions.ts';
import { createAgentPool } from '../activities/ssh/agent.ts';
import { siteRestore } from '../activities/ssh/programs.ts';
import { createVerificationActivities } from '../activities/verification/activities.ts';
import { createWitnessActivities } from '../activities/witness/activities.ts';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import type { Plan } from '../plan/schema.ts';
import { byPlan } from './by-plan.ts';
import { createPlanOf, createSecret } from './dependencies.ts';
import type { Plans } from './plans.ts';
import type { ServerClock } from './server-clock.ts';

export interface WorkerActivities {
  readonly activities: Activities;
  /** What they are built with. */
  readonly dependencies: ActivityDependencies;
  /** Lets go of connections that activities keep. */
  close(): Promise<void>;
}

export function createWorkerActivities(parts: {
  readonly plans: Plans;
  readonly planFolder: string;
  /** Where files of secrets may lie, besides the plan's folder. */
  readonly secretFolders: readonly string[];
  readonly workers: ReportingDependencies['workers'];
  readonly clock: Pick<ServerClock, 'now' | 'aheadSeconds'>;
}): WorkerActivities {
  const planOf = createPlanOf(parts.plans);
  const secret = createSecret(parts.planFolder, parts.secretFolders);
  const agents = createAgentPool({ planOf, secret, now: () => parts.clock.now() });
  const sessions = createObserverSessions({ planOf, secret });
  const lookouts = new Lookouts();
  const dependencies: ReportingDependencies = {
    planOf,
    secret,
    agent: (run, site) => agents.agent(run, site),
    restorer: (run, site) => agents.agent(run, site, siteRestore),
    sessions,
    lookouts,
    now: () => parts.clock.now(),
    planFolder: parts.planFolder,
    loadedPlan: parts.plans.loaded,
    workers: parts.workers,
    renderPage: async (report) => (await import('../report/page/page.ts')).renderPage(report),
  };
  const databaseDriver = ({ estate }: Plan) => estate.database.driver;
  const cacheDriver = ({ estate }: Plan) => estate.cache?.driver ?? 'redis';
  const byAgents = createFencingActivities(dependencies);
  const fencing = byPlan(dependencies, cacheDriver, { redis: byAgents, elasticache: createElastiCacheFencing(dependencies, byAgents) });
  return {
    activities: {
      ...createAccessActivities(dependencies),
      ...createDetectionActivities(dependencies),
      ...createHostsActivities(dependencies, () => parts.clock.aheadSeconds()),
      ...createServicesActivities(dependencies),
      ...createStoreJobs(dependencies, createJobsActivities(dependencies)),
      ...createStoreRestores(dependencies, createRestoreActivities(dependencies)),
      ...createStackActivities(dependencies),
      ...byPlan(dependencies, ({ estate }) => estate.capacity?.driver ?? 'agent', {
        agent: createInfrastructureActivities(dependencies),
        'auto-scaling': createAutoScalingCapacity(dependencies),
      }),
      ...createApplicationActivities(dependencies),
      ...byPlan(dependencies, databaseDriver, {
        postgresql: createDatabaseActivities(dependencies),
        rds: createRdsActivities(dependencies),
      }),
      ...byPlan(dependencies, cacheDriver, {
        redis: createCacheActivities(dependencies),
        elasticache: createElastiCacheActivities(dependencies),
      }),
      ...byPlan(dependencies, databaseDriver, { postgresql: fencing, rds: createRdsFencing(dependencies, fencing) }),
      ...createDnsActivities(dependencies),
      ...createWitnessActivities(dependencies),
      ...createVerificationActivities(dependencies),
      ...createMonitoringActivities(dependencies),
      ...createCommunicationActivities(dependencies),
      ...createReportingActivities(dependencies),
    },
    dependencies,
    async close() {
      lookouts.close();
      sessions.close();
      await agents.close();
    },
  };
}
