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
export async function settle<T extends readonly unknown[]>(...branches: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const results = await Promise.allSettled(branches);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
