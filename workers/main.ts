/** The worker process: checks its environment, loads the plan, connects, works until it is told to stop. */
import { Client } from '@temporalio/client';
import type { NativeConnection, Worker } from '@temporalio/worker';
import { loadUsablePlan } from '../plan/lint.ts';
import { PlanError } from '../plan/load.ts';
import { findMissingSecrets } from '../plan/secrets.ts';
import { planQuery } from '../workflows/messages.ts';
import { createWorkerActivities } from './activities.ts';
import { ConfigError, readWorkerConfig } from './config.ts';
import type { WorkerConfig } from './config.ts';
import { serveHealth } from './health.ts';
import type { HealthReport } from './health.ts';
import { createLogger } from './logger.ts';
import type { PinoLogger } from './logger.ts';
import { createPlans } from './plans.ts';
import type { Plans } from './plans.ts';
import { askRunOfActivity } from './dependencies.ts';
import { watchForStuck } from './stuck-watch.ts';
import type { StuckWatch } from './stuck-watch.ts';
import { installRuntime } from './telemetry.ts';
import { checkSearchAttributes, connectToTemporal, createWorker, StartError } from './worker.ts';

/** Exit codes are those of the command line: 2 bad input, 4 no server. */
async function main(): Promise<number> {
  try {
    const config = readWorkerConfig(process.env);
    await work(config, createLogger(config.logLevel));
    return 0;
  } catch (error) {
    process.stderr.write(`${sentence(error)}\n`);
    return error instanceof StartError ? 4 : 2;
  }
}

async function work(config: WorkerConfig, log: PinoLogger): Promise<void> {
  const loaded = await loadUsablePlan(config.planFolder);
  installRuntime(log, config.metricsAddress);
  // A worker without a secret still serves every step that does not need it; whoever runs it should hear of it before a disaster.
  for (const { path, message } of await findMissingSecrets(loaded.plan, config.planFolder)) log.warn({ path: path.join('.') }, message);
  const connection = await connectToTemporal(config.temporal);
  try {
    await checkSearchAttributes(connection, config.temporal.namespace);
    const client = new Client({ connection, namespace: config.temporal.namespace });
    const plans = createPlans(loaded, () => askRunOfActivity((runId) => client.workflow.getHandle(runId).query(planQuery)));
    const activities = createWorkerActivities({ plans, planFolder: config.planFolder });
    try {
      await runWorker(config, log, { plans, connection, client }, await createWorker(connection, config, activities.activities));
    } finally {
      await activities.close();
    }
  } finally {
    await connection.close();
  }
}

interface Served {
  readonly plans: Plans;
  readonly connection: NativeConnection;
  readonly client: Client;
}

async function runWorker(config: WorkerConfig, log: PinoLogger, { plans, connection, client }: Served, worker: Worker): Promise<void> {
  const watch = watchForStuck(client, log);
  const report = () => healthOf(worker, connection, plans, watch);
  const health = config.healthAddress ? await serveHealth(config.healthAddress, report) : undefined;
  const { plan, digest } = plans.loaded;
  log.info(
    {
      plan: plan.plan.name,
      version: plan.plan.version,
      digest,
      temporal: config.temporal.address,
      namespace: config.temporal.namespace,
      healthPort: health?.port,
    },
    'worker ready',
  );
  try {
    await worker.run();
  } finally {
    watch.close();
    await health?.close();
  }
  log.info('worker stopped');
}

async function healthOf(worker: Worker, connection: NativeConnection, plans: Plans, { stuck }: StuckWatch): Promise<HealthReport> {
  const state = worker.getState();
  const temporal = await connection.healthService.check({}).then(
    () => 'reachable' as const,
    () => 'unreachable' as const,
  );
  return { healthy: state === 'RUNNING' && temporal === 'reachable', worker: state, temporal, plan: plans.loaded.digest, stuck };
}

function sentence(error: unknown): string {
  if (error instanceof PlanError) return `The worker did not start.\n${error.message}\nMend the lines above, then check again: dr plan check`;
  if (error instanceof ConfigError) return ['The worker did not start.', ...error.faults.map((fault) => `  ${fault}`)].join('\n');
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main();
