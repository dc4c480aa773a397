/** The input of a watch that finds nothing to do: nobody has its plan, so that its site cannot be looked at, and it waits. */
import type { Plan } from '../../plan/schema.ts';
import type { FenceOnReturnInput } from '../../workflows/children/fence-on-return.ts';

export function watchOf(site: string): FenceOnReturnInput {
  const planDigest = 'f'.repeat(64);
  const run = { runId: 'recovery/erlmcp-production', execution: 'recovery/erlmcp-production@1', planDigest, epoch: 1 };
  return { run, snapshot: { digest: planDigest, plan: { estate: { sites: {} } } as unknown as Plan }, site, pollSeconds: 3600 };
}
