/** Makes every workflow id. The id is the lock: one run per estate at a time, across all procedures. */

/** Longest id of a workflow or an execution, characters: ours hold two names of a plan and a UUID. */
export const workflowIdLengthMax = 300;

/** How every queue of ours begins. */
export const taskQueuePrefix = 'dr/';

/** The queue of an estate: its workers poll it, and nobody else's. */
export function taskQueueOf(estate: string): string {
  return `${taskQueuePrefix}${estate}`;
}

/** The worker deployment of an estate, of which a release is a version: one estate's releases are no concern of another's. */
export function deploymentOf(estate: string): string {
  return taskQueueOf(estate);
}

export function makeWorkerIdentity({ process, planDigest }: WorkerIdentity): string {
  return `${process} plan:${planDigest}`;
}

/** A worker as it names itself: nothing proves it. */
export interface WorkerIdentity {
  /** Such as `4711@host`. */
  readonly process: string;
  readonly planDigest: string;
}

/** Undefined for a name that is none of ours. */
export function readWorkerIdentity(identity: string): WorkerIdentity | undefined {
  const [, process, planDigest] = /^(.+) plan:([0-9a-f]{64})$/.exec(identity) ?? [];
  return process && planDigest ? { process, planDigest } : undefined;
}

/** Id of the run that changes an estate. A second one is refused by the server while the first is open. */
export function makeRunWorkflowId(estate: string): string {
  return `recovery/${estate}`;
}

/** The estate that a workflow id of ours names; undefined for another's. */
export function estateOf(workflowId: string): string | undefined {
  return /^(?:recovery|dry-run|assessment|estate-check|restore-points|fence-on-return)\/([^/]+)/.exec(workflowId)?.[1];
}

/** Id of the child that fences a site when it comes back; it outlives its run. */
export function makeFenceOnReturnWorkflowId(estate: string, site: string): string {
  return `fence-on-return/${estate}/${site}`;
}

/** Id of a read-only assessment, which takes no lock. */
export function makeAssessmentWorkflowId(estate: string, site: string): string {
  return `assessment/${estate}/${site}`;
}

/** Id of a dry run; it changes nothing and never blocks a recovery. */
export function makeDryRunWorkflowId(estate: string): string {
  return `dry-run/${estate}`;
}

/** Id of a run of a mode that people start. */
export function makeWorkflowId(mode: 'live' | 'dry-run', estate: string): string {
  return mode === 'live' ? makeRunWorkflowId(estate) : makeDryRunWorkflowId(estate);
}

/** Id of the read-only check of what the workers can reach. */
export function makeEstateCheckWorkflowId(estate: string): string {
  return `estate-check/${estate}`;
}

/** Id of the read-only look at what can be restored. */
export function makeRestorePointsWorkflowId(estate: string): string {
  return `restore-points/${estate}`;
}

/** Workflow types that only read; `workers/admission.ts` lets them change nothing. */
export const readTypes = ['assessment', 'estateCheck', 'restorePoints'] as const;

/** Field of a run's memo with its open question, or null: what Temporal tells of it without a worker. */
export const openGateMemo = 'openGate';

export interface OpenGateMemo {
  readonly gate: string;
  /** RFC 3339. */
  readonly deadlineAt: string;
}
