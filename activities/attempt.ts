/** A call to an agent whose failure is evidence, not the end of the step. */
import { ApplicationFailure } from '@temporalio/common';
import type { AgentAnswer, AgentFields } from './dependencies.ts';
import { withoutHint } from '../plan/rules/sentences.ts';
import { endsTheRun } from './errors.ts';
import { mustHoldTask } from './task.ts';

export type Attempt = { readonly ok: true; readonly fields: AgentFields } | { readonly ok: false; readonly reason: string };

/** Unreachable or failed is a reason in words; what ends the whole run is thrown. */
export async function attempt(call: () => Promise<AgentAnswer>): Promise<Attempt> {
  const answer = await attemptToRead(call, (fields) => fields);
  return answer.ok ? { ok: true, fields: answer.value } : answer;
}

/** Like `attempt`, for an answer that is read at once: one that lacks a line is a reason as well. */
export async function attemptToRead<T>(
  call: () => Promise<AgentAnswer>,
  read: (fields: AgentFields) => T,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }> {
  try {
    const answer = await call();
    return answer.reachable ? { ok: true, value: read(answer.fields) } : { ok: false, reason: answer.reason };
  } catch (error) {
    // What a lost task meets is no evidence.
    mustHoldTask();
    if (!(error instanceof ApplicationFailure) || endsTheRun(error)) throw error;
    return { ok: false, reason: withoutHint(error.message) };
  }
}

/** A reason as part of a longer sentence. */
export function bare(reason: string): string {
  return reason.replace(/\.$/, '');
}
