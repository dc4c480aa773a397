/** Bounds of what the client asks. */
import type { Client } from '@temporalio/client';

/** Longest wait for one answer of Temporal or of a run, milliseconds. */
export const answerWithin = 10_000;

/** Calls Temporal with a deadline. */
export function within<T>(temporal: Client, milliseconds: number, call: () => Promise<T>): Promise<T> {
  return temporal.withDeadline(Date.now() + milliseconds, call);
}
