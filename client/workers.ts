/** Is there a worker? Asked before anything is sent that needs one, so that nothing waits unseen for a worker that comes hours later. */
import type { Client } from '@temporalio/client';
import { taskQueue } from '../workflows/ids.ts';
import { asDrError, noWorker } from './errors.ts';

/** A worker's long poll lasts a minute; one that was not seen for longer is gone, although the server remembers it for five. */
const seenWithin = 75_000;
/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's API. */
const workflowQueue = 1;

/** Throws DrError `no-worker`, ending in `left`, when nobody polls the queue; `no-server` when Temporal does not answer. */
export async function requireWorker(client: Client, left: string, runId?: string): Promise<void> {
  if (!(await hasWorker(client))) throw noWorker(taskQueue, left, runId);
}

async function hasWorker(client: Client): Promise<boolean> {
  try {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: workflowQueue,
    });
    const oldest = Date.now() - seenWithin;
    return (pollers ?? []).some((poller) => Number(poller.lastAccessTime?.seconds ?? 0) * 1000 >= oldest);
  } catch (error) {
    throw asDrError(error);
  }
}
