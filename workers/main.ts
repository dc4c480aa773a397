/** The worker process: checks its environment, loads the plan, connects, works until it is told to stop. */
import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { loadUsablePlan } from '../plan/lint.ts';
import { PlanError } from '../plan/load.ts';
import { findMissingSecrets } from '../plan/secrets.ts';
import type { PlanSnapshot } from '../plan/schema.ts';
import { ConfigError, readWorkerConfig } from './config.ts';
import type { WorkerConfig } from './config.ts';
import { serveHealth } from './health.ts';
import type { HealthReport } from './health.ts';
import { dataConverter } from '../workflows/wire/payload-converter.ts';
import { createLogger } from './logger.ts';
import type { PinoLogger } from './logger.ts';
import { askWhenStarted, createServerClock, type ServerClock } from './server-clock.ts';
import { createEstateWorker, type EstateWorker } from './estate-worker.ts';
import { watchForStuck } from './stuck-watch.ts';
import type { StuckWatch } from './stuck-watch.ts';
import { installRuntime } from './telemetry.ts';
import { checkDeployments, checkSearchAttributes, connectToTemporal, StartError, workflowCode } from './worker.ts';

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
  const plans = await loadPlans(config, log);
  installRuntime(log, config.metricsAddress);
  const connection = await connectToTemporal(config.temporal);
  try {
    await checkSearchAttributes(connection, config.temporal.namespace);
    await checkDeployments(connection, config.temporal.namespace);
    const client = new Client({ connection, namespace: config.temporal.namespace, dataConverter });
    const clock = createServerClock(askWhenStarted(client));
    const workflows = await workflowCode(config.workflowBundle);
    const estates = await Promise.all(plans.map((plan) => createEstateWorker({ ...plan, connection, client, config, workflows, clock, log })));
    try {
      await runWorkers(config, log, { connection, client, clock }, estates);
    } finally {
      await Promise.all(estates.map((estate) => estate.close()));
    }
  } finally {
    await connection.close();
  }
}

interface HeldPlan {
  readonly planFolder: string;
  readonly loaded: PlanSnapshot;
}

/** The plans that this process serves, one for each estate. */
async function loadPlans(config: WorkerConfig, log: PinoLogger): Promise<readonly HeldPlan[]> {
  const plans: HeldPlan[] = [];
  for (const planFolder of config.planFolders) {
    const loaded = await loadUsablePlan(planFolder);
    const { name } = loaded.plan.estate;
    const other = plans.find(({ loaded: { plan } }) => plan.estate.name === name);
    if (other) throw new ConfigError([`DR_PLAN: ${other.planFolder} and ${planFolder} are both plans of the estate "${name}". Name one of them.`]);
    // A worker without a secret still serves every step that does not need it; whoever runs it should hear of it before a disaster.
    for (const { path, message } of await findMissingSecrets(loaded.plan, planFolder, config.secretFolders)) log.warn({ path: path.join('.') }, message);
    plans.push({ planFolder, loaded });
  }
  return plans;
}

interface Served {
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly clock: ServerClock;
}

async function runWorkers(config: WorkerConfig, log: PinoLogger, served: Served, estates: readonly EstateWorker[]): Promise<void> {
  const watch = watchForStuck(served.client, log);
  const report = () => healthOf(estates, served, watch);
  const health = config.healthAddress ? await serveHealth(config.healthAddress, report) : undefined;
  for (const { loaded, releases } of estates) {
    const { plan, digest } = loaded;
    const { address, namespace } = config.temporal;
    log.info(
      {
        estate: plan.estate.name,
        plan: plan.plan.name,
        version: plan.plan.version,
        digest,
        release: releases.release,
        temporal: address,
        namespace,
        healthPort: health?.port,
      },
      'worker ready',
    );
  }
  try {
    await runAll(estates);
  } finally {
    watch.close();
    await health?.close();
  }
  log.info('worker stopped');
}

/** Until all have stopped. One that ends by an error stops the others in good order, so that whoever restarts the process finds none half alive. */
async function runAll(estates: readonly EstateWorker[]): Promise<void> {
  const running = estates.map(({ worker }) => worker.run());
  try {
    await Promise.all(running);
  } finally {
    for (const { worker } of estates) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.allSettled(running);
  }
}

async function healthOf(estates: readonly EstateWorker[], { connection, clock }: Served, { stuck }: StuckWatch): Promise<HealthReport> {
  const workers = estates.map(({ worker, loaded, releases: { release, currentRelease } }) => ({
    estate: loaded.plan.estate.name,
    plan: loaded.digest,
    worker: worker.getState(),
    release,
    currentRelease,
  }));
  const temporal = await connection.healthService.check({}).then(
    () => 'reachable' as const,
    () => 'unreachable' as const,
  );
  return {
    healthy: workers.every(({ worker, currentRelease }) => worker === 'RUNNING' && currentRelease !== null) && temporal === 'reachable',
    temporal,
    workers,
    clockAheadSeconds: clock.aheadSeconds(),
    stuck,
  };
}

function sentence(error: unknown): string {
  if (error instanceof PlanError) return `The worker did not start.\n${error.message}\nMend the lines above, then check again: dr plan check`;
  if (error instanceof ConfigError) return ['The worker did not start.', ...error.faults.map((fault) => `  ${fault}`)].join('\n');
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main();
