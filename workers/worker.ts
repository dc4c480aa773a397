/** One worker: workflows and activities of all procedures of one estate, on its queue. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { deploymentOf, makeWorkerIdentity, taskQueueOf } from '../workflows/wire/ids.ts';
import { searchAttributes } from '../workflows/wire/search-attributes.ts';
import type { PlanSnapshot } from '../plan/schema.ts';
import type { Admission } from './admission.ts';
import { makeWorkflowBundle } from './bundle.ts';
import type { WorkerConfig } from './config.ts';
import { beatMilliseconds } from '../activities/task.ts';
import { releaseOf } from './release.ts';
import type { ServerClock } from './server-clock.ts';
import { createAdmissionInterceptor, createHeartbeatInterceptor } from './interceptors.ts';

/** How long a stopping worker lets activities end by themselves. Most steps of a runbook take less. */
const shutdownGraceTime = '30 s';
/** When a stopping worker gives up on activities that neither end nor heed their cancellation; they run again elsewhere. */
const shutdownForceTime = '60 s';
/**
 * How long the next decision of a run waits for the worker that holds the run in memory before any other takes it. The SDK's 10 s would be added to a recovery whenever
 * its worker dies; a live worker takes the decision within milliseconds.
 */
const stickyQueueScheduleToStartTimeout = '3 s';

/**
 * How many tasks a worker asks for at a time. A frozen worker is still given as many, each of which is lost for the time of its silence: fewer than the tries of a change,
 * so that one of them reaches a worker that lives.
 */
const activityTaskPollerBehavior = { type: 'simple-maximum', maximum: 3 } as const;

/**
 * How long the code of one decision may compute. What the SDK breaks off at this time goes on outside of its workflow, fails there and ends the whole worker process; its 5 s are soon over on a busy
 * machine where a run was sent thousands of messages, or for a machine that is held for a moment. There is no loop here that does not end. The SDK reads this setting, and leaves it out of its type.
 */
const unlisted: object = { isolateExecutionTimeout: '10 minutes' };

/** Something that the worker needs is not there. The message says what to do. */
export class StartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
  }
}

/** Connects to Temporal; throws StartError when it does not answer. */
export async function connectToTemporal(temporal: WorkerConfig['temporal']): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(temporal.connection);
  } catch (error) {
    throw new StartError(`Temporal does not answer at ${temporal.address}. Start it, or set TEMPORAL_ADDRESS to where it runs.`, error);
  }
}

/** Throws StartError when the namespace does not know our search attributes: a run would stop at its first change of phase. */
export async function checkSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = searchAttributes.filter((attribute) => !(attribute.name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  const names = missing.map((attribute) => `--name ${attribute.name} --type Keyword`).join(' ');
  throw new StartError(`The namespace ${namespace} lacks search attributes. Run: temporal operator search-attribute create --namespace ${namespace} ${names}`);
}

/** `UNIMPLEMENTED` and `FAILED_PRECONDITION` of gRPC: a server without worker deployments, or with them turned off. */
const withoutDeployments: readonly unknown[] = [12, 9];

/** Throws StartError when the server does not know worker deployments: nobody could say under which release a run goes on. */
export async function checkDeployments(connection: NativeConnection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.listWorkerDeployments({ namespace, pageSize: 1 });
  } catch (error) {
    if (!withoutDeployments.includes((error as { readonly code?: unknown }).code)) throw error;
    throw new StartError(
      'The Temporal server does not keep releases of workers apart (worker deployments). Use server 1.29.1 or newer, or turn system.enableDeploymentVersions on.',
      error,
    );
  }
}

/** What a worker serves: one estate, by one plan. */
export interface Serves {
  readonly plan: PlanSnapshot;
  readonly activities: object;
  readonly clock: ServerClock;
  /** Who may change something. */
  readonly admission: Admission;
}

/** Creates the worker of one estate; `run()` of what it returns ends on a signal, after activities under way had their grace time. */
export async function createWorker(
  connection: NativeConnection,
  { temporal: { namespace }, workflows }: { readonly temporal: WorkerConfig['temporal']; readonly workflows: WorkflowCode },
  { plan, activities, clock, admission }: Serves,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: taskQueueOf(plan.plan.estate.name),
    identity: makeWorkerIdentity({ process: `${process.pid}@${hostname()}`, planDigest: plan.digest }),
    activities,
    interceptors: {
      activity: [createHeartbeatInterceptor(connection, namespace, clock), createAdmissionInterceptor(admission)],
    },
    workflowBundle: workflows.bundle,
    // A run that is under way never changes its code. What may, says so itself.
    workerDeploymentOptions: {
      version: { deploymentName: deploymentOf(plan.plan.estate.name), buildId: workflows.release },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
    activityTaskPollerBehavior,
    // Each sign of life goes to the server: how long a silence may last depends on when it last heard one.
    maxHeartbeatThrottleInterval: beatMilliseconds,
    defaultHeartbeatThrottleInterval: beatMilliseconds,
    shutdownGraceTime,
    shutdownForceTime,
    stickyQueueScheduleToStartTimeout,
    ...unlisted,
  });
}

/** The code of the workflows, one for all workers of a process. */
export interface WorkflowCode {
  /** As the SDK takes it. */
  readonly bundle: NonNullable<WorkerOptions['workflowBundle']>;
  readonly release: string;
}

/** From the file that a build has made, else bundled now. */
export async function workflowCode(file: string | undefined): Promise<WorkflowCode> {
  const code = file === undefined ? await makeWorkflowBundle() : await readFile(file, 'utf8');
  return { bundle: { code }, release: releaseOf(code) };
}
