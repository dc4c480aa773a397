/** Makes every workflow id. The id is the lock: one run per estate at a time, across all procedures. */

/** The queue that every worker of an installation polls. */
export const taskQueue = 'dr';

/** Id of the run that changes an estate. A second one is refused by the server while the first is open. */
export function makeRunWorkflowId(estate: string): string {
  return `recovery/${estate}`;
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

/** Field of a run's memo with its open question, or null: what Temporal tells of it without a worker. */
export const openGateMemo = 'openGate';

export interface OpenGateMemo {
  readonly gate: string;
  /** RFC 3339. */
  readonly deadlineAt: string;
}
