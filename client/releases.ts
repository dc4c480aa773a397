/**
 * Releases of an estate's workers. Temporal calls them versions of a worker deployment: the estate is the deployment, one release of it is current, and new runs go there; a run stays on the release that
 * it began with.
 */
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { deploymentOf } from '../workflows/wire/ids.ts';
import { asDrError, DrError, isNotFound } from './errors.ts';
import { polledReleases, presentWorkers, readQueue } from './pollers.ts';

export interface Release {
  /** Version of the package, and the first digits of the SHA-256 of its workflow code. */
  readonly release: string;
  /** New runs go there, and so does what moves with the releases. */
  readonly current: boolean;
  /** Workers of it that were seen at most 75 s before the last one of all. */
  readonly workers: number;
  /** Open workflows that go on under this release alone, as the server lists them: what was started within the last second may be missing. */
  readonly openRuns: number;
  /** `draining`: it was current, and the server has not yet found that no open run is left on it, which it looks at every few minutes; `drained`: it has; null: neither. */
  readonly drainage: 'draining' | 'drained' | null;
}

/** What the server keeps of an estate's releases. */
export interface Deployment {
  readonly releases: readonly Pick<Release, 'release' | 'drainage'>[];
  /** Null while there is none: then nothing begins but on workers without a release. */
  readonly current: string | null;
  /** Changes with each change: who hands it back changes only what he has read. */
  readonly conflictToken: Uint8Array | null;
}

const drainages: Readonly<Record<number, Release['drainage']>> = { 1: 'draining', 2: 'drained' };

/** Throws what the SDK throws when the server does not answer. An estate that never had a worker has no releases. */
export async function readDeployment(client: Client, estate: string): Promise<Deployment> {
  try {
    const { workerDeploymentInfo: info, conflictToken } = await client.workflowService.describeWorkerDeployment({
      namespace: client.options.namespace,
      deploymentName: deploymentOf(estate),
    });
    return {
      releases: (info?.versionSummaries ?? []).flatMap(({ deploymentVersion, drainageInfo }) =>
        deploymentVersion?.buildId ? [{ release: deploymentVersion.buildId, drainage: drainages[drainageInfo?.status ?? 0] ?? null }] : [],
      ),
      current: info?.routingConfig?.currentDeploymentVersion?.buildId ?? null,
      conflictToken: conflictToken ?? null,
    };
  } catch (error) {
    if (isNotFound(error)) return { releases: [], current: null, conflictToken: null };
    throw error;
  }
}

/** Makes a release current; false, and nothing is changed, where somebody has changed the deployment since `read`, or the server does not know it yet. Throws what the SDK throws. */
export async function makeCurrent(client: Client, estate: string, release: string, read: Deployment): Promise<boolean> {
  if (read.conflictToken === null) return false;
  try {
    await client.workflowService.setWorkerDeploymentCurrentVersion({
      namespace: client.options.namespace,
      deploymentName: deploymentOf(estate),
      buildId: release,
      ...(client.options.identity ? { identity: client.options.identity } : {}),
      conflictToken: read.conflictToken,
    });
    return true;
  } catch (error) {
    if (await isOvertaken(client, estate, read, error)) return false;
    throw error;
  }
}

/** `FAILED_PRECONDITION` and `ABORTED` of gRPC. The first is the server's answer to more than a change by somebody else: that one shows in the deployment. */
const [failedPrecondition, aborted] = [9, 10];

async function isOvertaken(client: Client, estate: string, read: Deployment, error: unknown): Promise<boolean> {
  const { code } = error as { readonly code?: unknown };
  if (code === aborted) return true;
  if (code !== failedPrecondition) return false;
  const now = await readDeployment(client, estate);
  return now.current !== read.current || String(now.conflictToken) !== String(read.conflictToken);
}

/** All that the server knows, the current one first. Throws DrError `no-server`. */
export async function listReleases(client: Client, estate: string): Promise<readonly Release[]> {
  try {
    const [{ releases }, queue] = await Promise.all([readDeployment(client, estate), readQueue(client, estate)]);
    const there = presentWorkers(queue);
    const listed = await Promise.all(
      releases.map(async ({ release, drainage }) => ({
        release,
        current: release === queue.current,
        workers: there.filter((worker) => worker.release === release).length,
        openRuns: await openRunsOf(client, estate, release),
        drainage,
      })),
    );
    return listed.toSorted((one, other) => Number(other.current) - Number(one.current) || one.release.localeCompare(other.release));
  } catch (error) {
    throw asDrError(error);
  }
}

async function openRunsOf(client: Client, estate: string, release: string): Promise<number> {
  const { count } = await client.workflow.count(
    `TemporalWorkerDeploymentVersion = '${deploymentOf(estate)}:${release}' AND TemporalWorkflowVersioningBehavior = 'Pinned' AND ExecutionStatus = 'Running'`,
  );
  return count;
}

/** Makes a release current. Throws DrError `refused` for one that no worker polls, or when somebody else changed it meanwhile; then nothing is changed. */
export async function useRelease(client: Client, estate: string, release: string): Promise<void> {
  const none = `${release} was not made current; what was current stays so.`;
  try {
    const [deployment, queue] = await Promise.all([readDeployment(client, estate), readQueue(client, estate)]);
    const polled = polledReleases(queue).filter((each) => each !== null);
    if (!polled.includes(release)) {
      const others = polled.length === 0 ? 'No worker of any release polls.' : `Workers poll of: ${polled.join(', ')}.`;
      throw new DrError('refused', `No worker of release ${release} polls the queue of ${estate}. ${none} ${others}`, {
        hint: 'Start a worker of it first, or name one that is there: dr release list',
      });
    }
    if (deployment.current === release || (await makeCurrent(client, estate, release, deployment))) return;
    throw new DrError('refused', `Another change of the current release of ${estate} came first. ${none}`, {
      hint: 'Look, then decide again: dr release list',
    });
  } catch (error) {
    throw asDrError(error);
  }
}

/** The release that an execution is bound to, as the server describes it; null for one that goes where new runs go, or has not begun. */
export function pinnedTo(info: temporal.api.workflow.v1.IWorkflowExecutionVersioningInfo | null | undefined): string | null {
  const override = info?.versioningOverride;
  if (override?.autoUpgrade) return null;
  if (override?.pinned?.version?.buildId) return override.pinned.version.buildId;
  return info?.behavior === pinned ? (info.deploymentVersion?.buildId ?? null) : null;
}

/** `VERSIONING_BEHAVIOR_PINNED` of Temporal's API. */
const pinned = 1;
