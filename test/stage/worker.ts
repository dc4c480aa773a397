/** The product's worker with a failpoint: composed of its own parts as workers/main.ts composes them, but that the activities may kill it. */
import { Client } from '@temporalio/client';
import { loadPlan } from '../../plan/load.ts';
import { readWorkerConfig } from '../../workers/config.ts';
import { createEstateWorker } from '../../workers/estate-worker.ts';
import { serveHealth } from '../../workers/health.ts';
import { createLogger } from '../../workers/logger.ts';
import { askWhenStarted, createServerClock } from '../../workers/server-clock.ts';
import { installRuntime } from '../../workers/telemetry.ts';
import { connectToTemporal, workflowCode } from '../../workers/worker.ts';
import { readFailpoints, withFailpoints } from './failpoint.ts';

const config = readWorkerConfig(process.env);
const failpoints = readFailpoints(process.env);
const [planFolder = ''] = config.planFolders;
const loaded = await loadPlan(planFolder);
const log = createLogger(config.logLevel);
installRuntime(log, undefined);
const connection = await connectToTemporal(config.temporal);
const client = new Client({ connection, namespace: config.temporal.namespace });
const { worker, releases, close } = await createEstateWorker({
  ...{
    connection,
    client,
    config,
    planFolder,
    loaded,
    workflows: await workflowCode(config.workflowBundle),
    clock: createServerClock(askWhenStarted(client)),
    log,
  },
  around: (activities) => withFailpoints(activities, failpoints, client),
});
if (!config.healthAddress) throw new Error('The worker of a stage is waited for by its health. Nothing was started. Set DR_HEALTH_ADDRESS.');
const health = await serveHealth(config.healthAddress, async () => ({
  healthy: worker.getState() === 'RUNNING' && releases.currentRelease !== null,
  temporal: 'reachable',
  workers: [
    { estate: loaded.plan.estate.name, plan: loaded.digest, worker: worker.getState(), release: releases.release, currentRelease: releases.currentRelease },
  ],
  clockAheadSeconds: null,
  stuck: [],
}));
try {
  await worker.run();
} finally {
  await health.close();
  await close();
  await connection.close();
}
