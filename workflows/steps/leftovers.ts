/** What a run leaves behind: the child that fences a site when it comes back. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, ParentClosePolicy, sleep, startChild } from '@temporalio/workflow';
import type { Fence } from '../../activities/fencing/port.ts';
import { seconds } from '../../plan/durations.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { RecoveryFacts } from '../facts.ts';
import { fenceOnReturn } from '../fence-on-return.ts';
import { makeFenceOnReturnWorkflowId } from '../ids.ts';
import { supersedeSignal } from '../messages.ts';
import type { Run } from '../run.ts';
import { mustFenceOnReturn } from './fencing.ts';

/** Starts the child that outlives this run and fences the site through its own agent once it answers again. */
export async function fenceWhenItReturns(run: Run, facts: RecoveryFacts, fences: readonly Fence[]): Promise<void> {
  if (run.rules.changes === 'print' || !mustFenceOnReturn(fences)) return;
  const site = facts.from;
  const workflowId = makeFenceOnReturnWorkflowId(run.plan.estate.name, site);
  const input = { run: run.context(), estate: run.plan.estate.name, site, pollSeconds: seconds(run.plan.estate.detection.probeInterval) };
  for (let tries = 0; ; tries += 1) {
    try {
      await startChild(fenceOnReturn, {
        workflowId,
        args: [input],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `Fence ${site} when it comes back`,
      });
      break;
    } catch (error) {
      // A child of an earlier run still waits for the same site: it holds an older epoch, so this run's takes its place.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError) || tries >= 20) throw error;
      await endFenceOnReturn(run, site, `${run.start.runId} fences ${site} anew`);
      await sleep(250, { summary: 'Wait for the former fence to end' });
    }
  }
  facts.leftovers.push(
    `${site} is fenced by replication only. ${workflowId} stays behind and fences it when it returns; nobody may change ${site} until then.`,
  );
}

/** Ends the child that waits for a site, if there is one. */
export async function endFenceOnReturn(run: Run, site: SiteId, reason: string): Promise<void> {
  if (run.rules.changes === 'print') return;
  try {
    await getExternalWorkflowHandle(makeFenceOnReturnWorkflowId(run.plan.estate.name, site)).signal(supersedeSignal, { reason });
  } catch {
    // No such child is open: that is the wish.
  }
}
