/** The product's worker with a failpoint: composed of its own parts as workers/main.ts composes them, but that the activities may kill it. */
import { Client } from '@temporalio/client';
import { loadPlan } from '../../plan/load.ts';
import { createWorkerActivities } from '../../workers/activities.ts';
import { readWorkerConfig } from '../../workers/config.ts';
import { askRunOfActivity } from '../../workers/dependencies.ts';
import { serveHealth } from '../../workers/health.ts';
import { createLogger } from '../../workers/logger.ts';
import { createPlans } from '../../workers/plans.ts';
import { installRuntime } from '../../workers/telemetry.ts';
import { connectToTemporal, createWorker } from '../../workers/worker.ts';
import { planQuery } from '../../workflows/messages.ts';
import { readFailpoints, withFailpoints } from './failpoint.ts';

const config = readWorkerConfig(process.env);
const failpoints = readFailpoints(process.env);
const loaded = await loadPlan(config.planFolder);
installRuntime(createLogger(config.logLevel), undefined);
const connection = await connectToTemporal(config.temporal);
const client = new Client({ connection, namespace: config.temporal.namespace });
const plans = createPlans(loaded, () => askRunOfActivity((runId) => client.workflow.getHandle(runId).query(planQuery)));
const { activities, close } = createWorkerActivities({ plans, planFolder: config.planFolder });
const worker = await createWorker(connection, config, withFailpoints(activities, failpoints, client));
if (!config.healthAddress) throw new Error('The worker of a stage is waited for by its health. Nothing was started. Set DR_HEALTH_ADDRESS.');
const health = await serveHealth(config.healthAddress, async () => ({
  healthy: worker.getState() === 'RUNNING',
  worker: worker.getState(),
  temporal: 'reachable',
  stuck: [],
  plan: loaded.digest,
}));
try {
  await worker.run();
} finally {
  await health.close();
  await close();
  await connection.close();
}
