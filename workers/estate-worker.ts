/** All that one estate has in a worker process: its plan, its activities, who may use them, and the worker of its queue. */
import type { Client } from '@temporalio/client';
import type { NativeConnection, Worker } from '@temporalio/worker';
import { mustHoldMajority } from '../activities/holders.ts';
import { currentContext } from '../activities/task.ts';
import type { PlanSnapshot } from '../plan/schema.ts';
import { lenders } from '../workflows/wire/lending.ts';
import { readWorkerIdentity, taskQueueOf, type WorkerIdentity } from '../workflows/wire/ids.ts';
import { planQuery } from '../workflows/wire/messages.ts';
import { createAdmission } from './admission.ts';
import { createWorkerActivities, type WorkerActivities } from './activities.ts';
import type { WorkerConfig } from './config.ts';
import { executionsOf } from './executions.ts';
import type { PinoLogger } from './logger.ts';
import { watchRelease, type ReleaseWatch } from './release-watch.ts';
import type { ServerClock } from './server-clock.ts';
import { createPlans } from './plans.ts';
import { createWorker, type WorkflowCode } from './worker.ts';

export interface EstateWorker {
  readonly loaded: PlanSnapshot;
  readonly worker: Worker;
  readonly releases: ReleaseWatch;
  /** Lets go of connections that activities keep, and of the watch over releases. */
  close(): Promise<void>;
}

export interface EstateWorkerParts {
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly config: WorkerConfig;
  /** One for the process, as well: to bundle takes seconds. */
  readonly workflows: WorkflowCode;
  readonly planFolder: string;
  readonly loaded: PlanSnapshot;
  /** One for the process: it learns from the tasks of all estates. */
  readonly clock: ServerClock;
  readonly log: PinoLogger;
  /** Put around the activities; tests kill workers in them. */
  readonly around?: (activities: WorkerActivities['activities']) => WorkerActivities['activities'];
}

export async function createEstateWorker({
  connection,
  client,
  config,
  workflows,
  planFolder,
  loaded,
  clock,
  log,
  around = same,
}: EstateWorkerParts): Promise<EstateWorker> {
  const plans = createPlans(loaded, () => askWorkflow(client));
  const { activities, dependencies, close } = createWorkerActivities({
    plans,
    planFolder,
    secretFolders: config.secretFolders,
    workers: () => workersOf(client, loaded.plan.estate.name),
    clock,
  });
  const admission = createAdmission({
    estate: loaded.plan.estate.name,
    lenders,
    holdsPlan: (digest) => plans.holds(digest),
    executions: executionsOf(client),
    // By the worker's own plan: the holders of another may be anybody's.
    mustHoldEpoch: (run) => mustHoldMajority(dependencies, { ...run, planDigest: loaded.digest }, 'Nothing was done.'),
  });
  const worker = await createWorker(connection, { temporal: config.temporal, workflows }, { plan: loaded, activities: around(activities), clock, admission });
  const releases = watchRelease({
    client,
    estate: loaded.plan.estate.name,
    release: workflows.release,
    log,
    isWorking: () => worker.getState() === 'RUNNING',
  });
  return {
    loaded,
    worker,
    releases,
    async close() {
      releases.close();
      await close();
    },
  };
}

/** Longest wait for one answer of Temporal or of a workflow, milliseconds. */
const answerMilliseconds = 10_000;
/** `TASK_QUEUE_TYPE_ACTIVITY` of Temporal's API. */
const activityQueue = 2;

/** Workers that poll the estate's queue, also for some minutes after they went; a server that does not answer names none. */
async function workersOf(client: Client, estate: string): Promise<readonly WorkerIdentity[]> {
  try {
    const { pollers } = await client.withDeadline(Date.now() + answerMilliseconds, () =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: taskQueueOf(estate) },
        taskQueueType: activityQueue,
      }),
    );
    return (pollers ?? []).flatMap(({ identity }) => readWorkerIdentity(identity ?? '') ?? []);
  } catch {
    return [];
  }
}

/** The plan of the workflow for which the current activity works; null when this is no activity of one. */
async function askWorkflow(client: Client): Promise<PlanSnapshot | null> {
  const workflow = currentContext()?.info.workflowExecution;
  if (!workflow) return null;
  return client.withDeadline(Date.now() + answerMilliseconds, () => client.workflow.getHandle(workflow.workflowId, workflow.runId).query(planQuery));
}

function same<T>(activities: T): T {
  return activities;
}
