/** Is there a worker? Asked before anything is sent that needs one, so that nothing waits unseen for a worker that comes hours later. */
import type { Client } from '@temporalio/client';
import { estateOf, taskQueueOf } from '../workflows/ids.ts';
import { asDrError, noWorker } from './errors.ts';

/** A worker's long poll lasts a minute; one that was not seen for longer is gone, although the server remembers it for five. */
const seenWithin = 75_000;
/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's API. */
const workflowQueue = 1;

/** Throws DrError `no-worker`, ending in `left`, when nobody polls the estate's queue; `no-server` when Temporal does not answer. */
export async function requireWorker(client: Client, estate: string, left: string): Promise<void> {
  if ((await workersOf(client, estate)) === 0) throw noWorker(taskQueueOf(estate), left);
}

/** The same for a run. An id that names no estate is left to Temporal, which knows no such run. */
export async function requireWorkerOf(client: Client, runId: string, left: string): Promise<void> {
  const estate = estateOf(runId);
  if (estate !== undefined && (await workersOf(client, estate)) === 0) throw noWorker(taskQueueOf(estate), left, runId);
}

/** How many workers poll the estate's queue. */
async function workersOf(client: Client, estate: string): Promise<number> {
  try {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueueOf(estate) },
      taskQueueType: workflowQueue,
    });
    const oldest = Date.now() - seenWithin;
    return (pollers ?? []).filter((poller) => Number(poller.lastAccessTime?.seconds ?? 0) * 1000 >= oldest).length;
  } catch (error) {
    throw asDrError(error);
  }
}
