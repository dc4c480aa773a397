/** An estate's queue: which release is current there, and who polls it, as the server remembers. */
import type { Client } from '@temporalio/client';
import { deploymentOf, taskQueueOf } from '../workflows/wire/ids.ts';

/** A worker's long poll lasts a minute; one that was not seen for longer is gone, although the server remembers it for five. Milliseconds. */
export const seenWithin = 75_000;
/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's API. */
const workflowQueue = 1;

export interface SeenWorker {
  /** Of its process. */
  readonly identity: string;
  /** The release of its deployment; null for a worker that names none, or another deployment. */
  readonly release: string | null;
  /** When it was last seen, milliseconds of the server's clock. */
  readonly at: number;
}

export interface Queue {
  /** The release under which new runs begin; null while there is none, and they go to workers without one. */
  readonly current: string | null;
  /** Also for some minutes after they went. */
  readonly workers: readonly SeenWorker[];
}

/** One cheap call: what the deployment itself says of its current release is asked of a workflow of the server's own, which may take seconds. Throws what the SDK throws when the server does not answer. */
export async function readQueue(client: Client, estate: string): Promise<Queue> {
  const { pollers, versioningInfo } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueueOf(estate) },
    taskQueueType: workflowQueue,
  });
  return {
    current: versioningInfo?.currentDeploymentVersion?.buildId ?? null,
    workers: (pollers ?? []).map(({ identity, deploymentOptions, lastAccessTime }) => ({
      identity: identity ?? '',
      release: deploymentOptions?.deploymentName === deploymentOf(estate) ? (deploymentOptions.buildId ?? null) : null,
      at: Number(lastAccessTime?.seconds ?? 0) * 1000,
    })),
  };
}

/** Those that were seen not much earlier than the last one, by the server's clock alone: one that is wrong here shows no worker as gone beside others. */
export function presentWorkers({ workers }: Queue): readonly SeenWorker[] {
  const newest = Math.max(...workers.map(({ at }) => at));
  return workers.filter(({ at }) => newest - at <= seenWithin);
}

/** Releases that a worker polls for. That nobody polls at all is told by this machine's clock, since the server remembers the last ones for some minutes. */
export function polledReleases(queue: Queue): readonly (string | null)[] {
  const present = presentWorkers(queue);
  return present.some(({ at }) => Date.now() - at <= seenWithin) ? [...new Set(present.map(({ release }) => release))] : [];
}

/** Whether others poll and none of this release. Where nobody polls at all, only once the server has forgotten them. */
export function isMissing(queue: Queue, release: string): boolean {
  return !presentWorkers(queue).some((worker) => worker.release === release);
}
