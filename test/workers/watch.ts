/** A watch that finds nothing to do: nobody has its plan, so that its site cannot be looked at, and it waits. */
import type { WorkflowHandle } from '@temporalio/client';
import type { Plan } from '../../plan/schema.ts';
import type { FenceOnReturnInput } from '../../workflows/children/fence-on-return.ts';

export function watchOf(site: string): FenceOnReturnInput {
  const planDigest = 'f'.repeat(64);
  const run = { runId: 'recovery/erlmcp-production', execution: 'recovery/erlmcp-production@1', planDigest, epoch: 1 };
  return { run, snapshot: { digest: planDigest, plan: { estate: { sites: {} } } as unknown as Plan }, site, pollSeconds: 3600 };
}

/** Once it sleeps after a look that failed: no activity and no decision is under way that would go down with its worker and come due later. */
export async function sleeps(watch: WorkflowHandle): Promise<true | undefined> {
  const { pendingActivities, pendingWorkflowTask } = (await watch.describe()).raw;
  const looked = (await watch.fetchHistory()).events?.some((event) => event.activityTaskFailedEventAttributes);
  return (looked && !pendingActivities?.length && !pendingWorkflowTask) || undefined;
}
