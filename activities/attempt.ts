/** A call to an agent whose failure is evidence, not the end of the step. */
import { ApplicationFailure } from '@temporalio/common';
import type { AgentAnswer, AgentFields } from './dependencies.ts';
import { withoutHint } from '../plan/rules/sentences.ts';
import { endsTheRun } from './errors.ts';
import { mustHoldTask } from './task.ts';

/** `silent`: nobody answered, which is another matter than an answer that cannot be used. */
export interface Failed {
  readonly ok: false;
  readonly silent: boolean;
  readonly reason: string;
}

export type Attempt = { readonly ok: true; readonly fields: AgentFields } | Failed;

/** Unreachable or failed is a reason in words; what ends the whole run is thrown. */
export async function attempt(call: () => Promise<AgentAnswer>): Promise<Attempt> {
  const answer = await attemptToRead(call, (fields) => fields);
  return answer.ok ? { ok: true, fields: answer.value } : answer;
}

/** Like `attempt`, for an answer that is read at once: one that lacks a line is a reason as well. */
export async function attemptToRead<T>(
  call: () => Promise<AgentAnswer>,
  read: (fields: AgentFields) => T,
): Promise<{ readonly ok: true; readonly value: T } | Failed> {
  try {
    const answer = await call();
    return answer.reachable ? { ok: true, value: read(answer.fields) } : { ok: false, silent: true, reason: answer.reason };
  } catch (error) {
    // What a lost task meets is no evidence.
    mustHoldTask();
    if (!(error instanceof ApplicationFailure) || endsTheRun(error)) throw error;
    return { ok: false, silent: false, reason: withoutHint(error.message) };
  }
}

/** A reason as part of a longer sentence. */
export function bare(reason: string): string {
  return reason.replace(/\.$/, '');
}
