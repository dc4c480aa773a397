/** Is there a worker? Asked before anything is sent that needs one, so that nothing waits unseen for a worker that comes hours later. */
import type { Client } from '@temporalio/client';
import { clockTime } from '../plan/durations.ts';
import { estateOf, taskQueueOf } from '../workflows/wire/ids.ts';
import { asDrError, noWorker, noWorkerOfRelease } from './errors.ts';
import { isOver } from './over.ts';
import { polledReleases, readQueue } from './pollers.ts';
import type { Queue } from './pollers.ts';
import { pinnedTo } from './releases.ts';

/** Throws DrError `no-worker`, ending in `left`, when nobody would take what is started now; `no-server` when Temporal does not answer. */
export async function requireWorker(client: Client, estate: string, left: string): Promise<void> {
  const queue = await asked(() => readQueue(client, estate));
  const { current } = queue;
  const polled = polledReleases(queue);
  if (polled.includes(current)) return;
  if (polled.length === 0) throw noWorker(taskQueueOf(estate), `${left}${lastSeen(queue)}`);
  throw noWorkerOfRelease(taskQueueOf(estate), { release: current, polled, bound: false }, left);
}

/** The same for a run, which may be bound to a release. An id that names no estate is left to Temporal, which knows no such run, and so is a run that is over. */
export async function requireWorkerOf(client: Client, runId: string, left: string): Promise<void> {
  const estate = estateOf(runId);
  if (estate === undefined) return;
  const { status, raw } = await asked(() => client.workflow.getHandle(runId).describe(), runId);
  if (isOver(status.name)) return;
  const queue = await asked(() => readQueue(client, estate));
  const bound = pinnedTo(raw.workflowExecutionInfo?.versioningInfo);
  const release = bound ?? queue.current;
  const polled = polledReleases(queue);
  if (polled.includes(release)) return;
  const said = polled.length === 0 ? `${left}${lastSeen(queue)}` : left;
  if (polled.length === 0 && bound === null) throw noWorker(taskQueueOf(estate), said, runId);
  throw noWorkerOfRelease(taskQueueOf(estate), { release, polled, bound: bound !== null }, said, runId);
}

/** By two clocks: where this machine's is wrong, people must be able to see that. */
function lastSeen({ workers }: Queue): string {
  const last = Math.max(-Infinity, ...workers.map(({ at }) => at));
  if (!Number.isFinite(last)) return '';
  return ` The last one was seen at ${clockTime(new Date(last).toISOString())} by the server's clock; here it is ${clockTime(new Date().toISOString())}.`;
}

async function asked<T>(ask: () => Promise<T>, runId?: string): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw asDrError(error, runId);
  }
}
