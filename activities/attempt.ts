/** A call to an agent whose failure is evidence, not the end of the step. */
import { ApplicationFailure } from '@temporalio/common';
import type { AgentAnswer, AgentFields } from './dependencies.ts';
import { endsTheRun, withoutHint } from './errors.ts';

export type Attempt = { readonly ok: true; readonly fields: AgentFields } | { readonly ok: false; readonly reason: string };

/** Unreachable or failed is a reason in words; what ends the whole run is thrown. */
export async function attempt(call: () => Promise<AgentAnswer>): Promise<Attempt> {
  try {
    const answer = await call();
    return answer.reachable ? { ok: true, fields: answer.fields } : { ok: false, reason: answer.reason };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || endsTheRun(error)) throw error;
    return { ok: false, reason: withoutHint(error) };
  }
}
