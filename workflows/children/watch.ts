/** The watch that a run leaves behind over a site: begun, and ended again when the run is taken back. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
  type ExternalWorkflowHandle,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  sleep,
  startChild,
} from '@temporalio/workflow';
import { seconds } from '../../plan/durations.ts';
import { closedByAgents } from '../../plan/rules/servers.ts';
import { endingSeconds } from '../../plan/rules/waits.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { RecoveryFacts } from '../estate/facts.ts';
import { describe } from '../engine/failures.ts';
import { fenceOnReturn } from './fence-on-return.ts';
import { makeFenceOnReturnWorkflowId } from '../wire/ids.ts';
import { supersedeSignal } from '../wire/messages.ts';
import type { Course } from '../engine/course.ts';
import { fenceOf, openServers } from '../estate/servers.ts';

const askAgainMilliseconds = 500;

/** The watch of one run over a site that it has fenced from afar. */
export class FenceOnReturn {
  private readonly run: Course;
  private readonly facts: RecoveryFacts;
  readonly site: SiteId;
  private child: ChildWorkflowHandle<typeof fenceOnReturn> | null = null;
  private asked = false;

  constructor(run: Course, facts: RecoveryFacts, site: SiteId) {
    this.run = run;
    this.facts = facts;
    this.site = site;
  }

  private get leftover(): string {
    const { site } = this;
    const workflowId = makeFenceOnReturnWorkflowId(this.run.plan.estate.name, site);
    const open = openServers(this.run.plan, site, []).filter((server) => !closedByAgents(this.run.plan).includes(server));
    if (open.length > 0)
      return `No agent can close the ${open.join(' and the ')} of ${site}. ${workflowId} stays behind and keeps its service stopped when it returns. Cut ${site} off by hand, then end it: temporal workflow cancel --workflow-id ${workflowId}`;
    return `${site} is not fenced by its own agent. ${workflowId} stays behind and fences it when it returns; nobody may change ${site} until then.`;
  }

  /**
   * Starts the child. One of an earlier run that still waits for the same site holds an older epoch, and makes room; one that does not is left where it is: it fences the
   * same site, and is named.
   */
  async begin(): Promise<void> {
    if (this.child) return;
    const { site } = this;
    const snapshot = this.run.planSnapshot;
    if (!snapshot) return;
    const fence = fenceOf(this.facts.fences, site, 'database');
    // What lies beyond is counted later, so that the count begins at what is surely elsewhere.
    const fencedPositionBytes = fence?.leftAtBytes ?? fence?.positionBytes;
    const position = fencedPositionBytes === undefined ? {} : { fencedPositionBytes };
    const { failedSince } = this.facts.moments;
    const told = { target: this.run.places.target, ...(failedSince === undefined ? {} : { failedSince }) };
    const input = { run: this.run.context(), snapshot, site, ...told, ...position, pollSeconds: seconds(this.run.plan.estate.detection.probeInterval) };
    const options = {
      workflowId: makeFenceOnReturnWorkflowId(this.run.plan.estate.name, site),
      args: [input] as [typeof input],
      // It outlives the run, however that ends: also when people cancel it.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      staticSummary: `Fence ${site} when it comes back`,
    };
    const deadline = Date.now() + endingSeconds * 1000;
    while (!this.child) {
      try {
        this.child = await startChild(fenceOnReturn, options);
        // It was a former one that was asked to end.
        this.asked = false;
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        if (Date.now() > deadline)
          return this.run.leaveOver(
            `Another workflow holds the id ${options.workflowId} and does not end, so this run has left no watch. Whether it fences ${site} is not known: see who started it, end it, and fence ${site} by its agent when it returns.`,
          );
        await this.askToEnd(`${this.run.start.execution} fences ${site} anew`);
        await sleep(askAgainMilliseconds, { summary: 'Wait for the former fence to end' });
      }
    }
    this.run.leaveOver(this.leftover);
  }

  /**
   * Ends the child and waits for its end, so that it cannot fence what is being opened. A sentence when it did not end; however else it ended, it is gone. Nobody else's watch is ended, which may have taken its place
   * where this run has lost the estate meanwhile.
   */
  async end(reason: string): Promise<readonly string[]> {
    const { child } = this;
    if (!child) return [];
    const { workflowId } = child;
    const deadline = Date.now() + endingSeconds * 1000;
    // It is asked until nobody is there to be asked: its result is no proof, since a run that is cancelled is told at once that its children are.
    while (await this.askOwnToEnd(child, reason)) {
      if (Date.now() > deadline) return [`${workflowId} did not end within ${endingSeconds} s and may fence ${this.site} again`];
      await sleep(askAgainMilliseconds, { summary: 'Wait for the fence on return to end' });
    }
    this.child = null;
    this.run.leaveNot(this.leftover);
    return [];
  }

  /** The server takes a message to a child only to one that this run has begun, also where that has continued as new. False when it is gone, whoever has its id by now. */
  private async askOwnToEnd(child: ChildWorkflowHandle<typeof fenceOnReturn>, reason: string): Promise<boolean> {
    const there = await reached(child.signal(supersedeSignal, { reason }));
    if (!there || this.asked) return there;
    this.asked = true;
    return reached(watchOf(this.run, this.site).cancel());
  }

  /** False when there is none to be asked. It is cancelled once: what has begun comes to its end, and a second request would change nothing. */
  private async askToEnd(reason: string): Promise<boolean> {
    const there = await (this.asked ? tellWhy : endFenceOnReturn)(this.run, this.site, reason);
    this.asked = true;
    return there;
  }
}

/** Asks the child that waits for a site to end; false when there is none. By the server's own request and not by a signal: everybody who may vote may send one. */
export async function endFenceOnReturn(run: Course, site: SiteId, reason: string): Promise<boolean> {
  if (!(await tellWhy(run, site, reason))) return false;
  return reached(watchOf(run, site).cancel());
}

/** Tells the child why it is to end; false when there is none. */
function tellWhy(run: Course, site: SiteId, reason: string): Promise<boolean> {
  return reached(watchOf(run, site).signal(supersedeSignal, { reason }));
}

function watchOf(run: Course, site: SiteId): ExternalWorkflowHandle {
  return getExternalWorkflowHandle(makeFenceOnReturnWorkflowId(run.plan.estate.name, site));
}

/** Whether there is somebody whom a message could reach. A server refuses one for two reasons: there is nobody, or somebody has used up the signals that it lets in, and then it is there. */
async function reached(message: Promise<void>): Promise<boolean> {
  try {
    await message;
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return /limit/i.test(describe(error));
  }
}
