/** A read of AWS whose failure is evidence, not the end of the step. */
import { ApplicationFailure } from '@temporalio/common';
import { withoutHint } from '../../../plan/rules/sentences.ts';
import { endsTheRun } from '../../errors.ts';
import { mustHoldTask } from '../../task.ts';

/** What AWS refuses, and what does not answer, is a reason in words; what ends the whole run is thrown. */
export async function attemptToReadAws<T>(
  read: () => Promise<T>,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }> {
  try {
    return { ok: true, value: await read() };
  } catch (error) {
    // What a lost task meets is no evidence.
    mustHoldTask();
    if (!(error instanceof ApplicationFailure) || endsTheRun(error)) throw error;
    return { ok: false, reason: withoutHint(error.message) };
  }
}
