/** Who polls an estate's queue, as the server remembers it. */
import type { Client } from '@temporalio/client';
import { deploymentOf, taskQueueOf } from '../workflows/ids.ts';

/** A worker's long poll lasts a minute; one that was not seen for longer is gone, although the server remembers it for five. Milliseconds. */
export const seenWithin = 75_000;
/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's API. */
const workflowQueue = 1;

export interface SeenWorker {
  /** The release of its deployment; null for a worker that names none, or another deployment. */
  readonly release: string | null;
  /** When it was last seen, milliseconds of the server's clock. */
  readonly at: number;
}

/** Those that the server remembers, also for some minutes after they went. Throws what the SDK throws when it does not answer. */
export async function workersSeen(client: Client, estate: string): Promise<readonly SeenWorker[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueueOf(estate) },
    taskQueueType: workflowQueue,
  });
  return (pollers ?? []).map(({ deploymentOptions, lastAccessTime }) => ({
    release: deploymentOptions?.deploymentName === deploymentOf(estate) ? (deploymentOptions.buildId ?? null) : null,
    at: Number(lastAccessTime?.seconds ?? 0) * 1000,
  }));
}

/** Releases that a worker polls for; `now` in milliseconds, by default of this machine's clock. */
export function polledReleases(seen: readonly SeenWorker[], now: number = Date.now()): readonly (string | null)[] {
  return [...new Set(seen.filter(({ at }) => now - at <= seenWithin).map(({ release }) => release))];
}
