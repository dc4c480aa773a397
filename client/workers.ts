/** Is there a worker? Asked before anything is sent that needs one, so that nothing waits unseen for a worker that comes hours later. */
import type { Client } from '@temporalio/client';
import { clockTime } from '../plan/durations.ts';
import { estateOf, taskQueueOf } from '../workflows/ids.ts';
import { asDrError, noWorker } from './errors.ts';

/** A worker's long poll lasts a minute; one that was not seen for longer is gone, although the server remembers it for five. */
const seenWithin = 75_000;
/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's API. */
const workflowQueue = 1;

/** Throws DrError `no-worker`, ending in `left`, when nobody polls the estate's queue; `no-server` when Temporal does not answer. */
export async function requireWorker(client: Client, estate: string, left: string, runId?: string): Promise<void> {
  const seen = await lastSeen(client, estate);
  const age = Date.now() - seen;
  if (age <= seenWithin) return;
  // By two clocks: where this machine's is wrong, people must be able to see that.
  const last = Number.isFinite(age)
    ? ` The last one was seen at ${clockTime(new Date(seen).toISOString())} by the server's clock; here it is ${clockTime(new Date().toISOString())}.`
    : '';
  throw noWorker(taskQueueOf(estate), `${left}${last}`, runId);
}

/** The same for a run. An id that names no estate is left to Temporal, which knows no such run. */
export async function requireWorkerOf(client: Client, runId: string, left: string): Promise<void> {
  const estate = estateOf(runId);
  if (estate !== undefined) await requireWorker(client, estate, left, runId);
}

/** When a worker was last seen at the estate's queue, milliseconds of the server's clock; -Infinity for never, or too long ago. */
async function lastSeen(client: Client, estate: string): Promise<number> {
  try {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueueOf(estate) },
      taskQueueType: workflowQueue,
    });
    return Math.max(-Infinity, ...(pollers ?? []).map((poller) => Number(poller.lastAccessTime?.seconds ?? 0) * 1000));
  } catch (error) {
    throw asDrError(error);
  }
}
