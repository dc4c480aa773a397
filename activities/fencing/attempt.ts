/** A call to an agent whose failure is evidence, not the end of the step. */
import { ApplicationFailure } from '@temporalio/common';
import type { AgentAnswer, AgentFields } from '../dependencies.ts';
import { endsTheRun, withoutHint } from '../errors.ts';

export type Attempt = { readonly ok: true; readonly fields: AgentFields } | { readonly ok: false; readonly reason: string };

/** A host whose key changed ends the step too: whoever answers there is not the site, and people must look before anything else is tried. */
export async function attempt(call: () => Promise<AgentAnswer>): Promise<Attempt> {
  try {
    const answer = await call();
    return answer.reachable ? { ok: true, fields: answer.fields } : { ok: false, reason: answer.reason };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || endsTheRun(error) || error.type === 'host-key-changed') throw error;
    return { ok: false, reason: withoutHint(error) };
  }
}
