/** What a run leaves behind: the child that fences a site when it comes back. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { type ChildWorkflowHandle, getExternalWorkflowHandle, ParentClosePolicy, sleep, startChild } from '@temporalio/workflow';
import { seconds } from '../plan/durations.ts';
import type { SiteId } from '../plan/schema.ts';
import type { RecoveryFacts } from './facts.ts';
import { fenceOnReturn } from './fence-on-return.ts';
import { makeFenceOnReturnWorkflowId } from './ids.ts';
import { supersedeSignal } from './messages.ts';
import type { Run } from './run.ts';

/** The watch of one run over the site that it has fenced from afar. */
export class FenceOnReturn {
  private readonly run: Run;
  private readonly facts: RecoveryFacts;
  private child: ChildWorkflowHandle<typeof fenceOnReturn> | null = null;

  constructor(run: Run, facts: RecoveryFacts) {
    this.run = run;
    this.facts = facts;
  }

  private get leftover(): string {
    const site = this.facts.from;
    const workflowId = makeFenceOnReturnWorkflowId(this.run.plan.estate.name, site);
    return `${site} is not fenced by its own agent. ${workflowId} stays behind and fences it when it returns; nobody may change ${site} until then.`;
  }

  /** Starts the child. One of an earlier run that still waits for the same site holds an older epoch, and makes room. */
  async begin(): Promise<void> {
    if (this.child) return;
    const site = this.facts.from;
    const snapshot = this.run.planSnapshot;
    if (!snapshot) return;
    const input = { run: this.run.context(), snapshot, site, pollSeconds: seconds(this.run.plan.estate.detection.probeInterval) };
    const options = {
      workflowId: makeFenceOnReturnWorkflowId(this.run.plan.estate.name, site),
      args: [input] as [typeof input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `Fence ${site} when it comes back`,
    };
    while (!this.child) {
      try {
        this.child = await startChild(fenceOnReturn, options);
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        await endFenceOnReturn(this.run, site, `${this.run.start.execution} fences ${site} anew`);
        await sleep(500, { summary: 'Wait for the former fence to end' });
      }
    }
    this.facts.leftovers.push(this.leftover);
  }

  /** Ends the child and waits for its end, so that it cannot fence what is being opened. */
  async end(reason: string): Promise<void> {
    if (!this.child) return;
    await endFenceOnReturn(this.run, this.facts.from, reason);
    await this.child.result();
    this.child = null;
    const at = this.facts.leftovers.indexOf(this.leftover);
    if (at >= 0) this.facts.leftovers.splice(at, 1);
  }
}

/** Ends the child that waits for a site, if there is one. */
export async function endFenceOnReturn(run: Run, site: SiteId, reason: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(makeFenceOnReturnWorkflowId(run.plan.estate.name, site)).signal(supersedeSignal, { reason });
  } catch {
    // No such child is open: that is the wish.
  }
}
