/** Ways in which a run ends before its last step. */
import type { Outcome } from '../../report/report.ts';

/** Thrown inside a procedure to end it; the conductor catches it, undoes what it should, and writes the report. */
export class RunEnding extends Error {
  readonly outcome: Extract<Outcome, 'stood down' | 'aborted' | 'failed'>;
  /** Whether everything undoable is taken back first. Only possible before the point of no return. */
  readonly undo: boolean;

  constructor(outcome: RunEnding['outcome'], message: string, undo: boolean) {
    super(message);
    this.name = 'RunEnding';
    this.outcome = outcome;
    this.undo = undo;
  }
}

/** Waits for all branches that run side by side; then the first that failed counts. */
export function settle<T extends readonly unknown[]>(...branches: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  return settled(branches, () => true);
}

/** As settle, but a branch that ends the run counts before one that failed: a retry of the failed one must not go on over what the other has found. */
export function settleOrEnd<T extends readonly unknown[]>(...branches: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  return settled(branches, (reason) => reason instanceof RunEnding);
}

async function settled<T extends readonly unknown[]>(branches: { [K in keyof T]: Promise<T[K]> }, counts: (reason: unknown) => boolean): Promise<T> {
  const results = await Promise.allSettled(branches);
  const failures = results.filter((result) => result.status === 'rejected');
  const failed = failures.find(({ reason }) => counts(reason)) ?? failures[0];
  if (failed) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
