/** The typed client: everything that people and services say to a run, and ask of it. */
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { ProcedureName } from '../plan/catalogue/index.ts';
import type { PlanSnapshot } from '../plan/schema.ts';
import type { Addendum, Report } from '../report/report.ts';
import { makeAssessmentWorkflowId, makeEstateCheckWorkflowId, makeRestorePointsWorkflowId } from '../workflows/wire/ids.ts';
import {
  approveSignal,
  planQuery,
  rejectSignal,
  reportQuery,
  resumeSignal,
  statusQuery,
  stopSignal,
  voteSignal,
  voteUpdate,
} from '../workflows/wire/messages.ts';
import type {
  AssessmentResult,
  AssessmentInput,
  EstateCheck,
  RestorePointsFound,
  RunStatus,
  ShortVote,
  Vote,
  VoteReceipt,
} from '../workflows/wire/messages.ts';
import type { StartInputs } from '../workflows/wire/starts.ts';
import { findAddendum } from './addendum.ts';
import { connectClient, type ConnectOptions } from './connect.ts';
import { inOurWords } from './older.ts';
import { asDrError, DrError, isNotFound, unknownRun } from './errors.ts';
import { isOver } from './over.ts';
import { changesInHistory, closeReason, type HistoricChange } from './history.ts';
import { mustBeRun } from './strangers.ts';
import { deepest, execute, resultOf, startRun, untilAccepted } from './starting.ts';
import { answerWithin, within } from './within.ts';
import { findStuck, type StuckWorkflow } from './stuck.ts';
import { listReleases, type Release, useRelease } from './releases.ts';
import { requireWorker, requireWorkerOf } from './workers.ts';
import { unansweredVote } from './unanswered.ts';

/** A run that was started: its workflow id, which every other call takes, and Temporal's id of this execution. */
export interface StartedRun {
  readonly runId: string;
  readonly executionId: string;
}

/**
 * Where a run is. `running`: it answered; `unattended`: it is open and gives no answer, and `next` says what helps; `ended`: it finished and left its report;
 * `broken`: it was terminated, cancelled or refused to start, and what it changed comes from its history.
 */
export type RunView =
  | { readonly state: 'running'; readonly runId: string; readonly status: RunStatus }
  | { readonly state: 'unattended'; readonly runId: string; readonly reason: string; readonly next: string; readonly changes: readonly HistoricChange[] }
  | { readonly state: 'ended'; readonly runId: string; readonly report: Report }
  | { readonly state: 'broken'; readonly runId: string; readonly reason: string; readonly changes: readonly HistoricChange[] };

/** Who says it, and why. */
export interface Said {
  /** Person id of the plan. Asserted: nothing proves it yet. */
  readonly who: string;
  readonly reason: string;
}

const paused = {
  reason: 'Somebody has paused it in Temporal, and it begins nothing new.',
  next: 'Find out who paused it and why; it goes on where it was once it is unpaused in Temporal.',
};
const goesOn = 'The run goes on where it was.';
export class DrClient {
  readonly temporal: Client;

  /** For programs that have a Temporal client already; the others call `DrClient.connect`. */
  constructor(temporal: Client) {
    this.temporal = temporal;
  }

  /** Connects by Temporal's standard profile and variables. Throws DrError `no-server` or `bad-input`. */
  static async connect(options: ConnectOptions = {}): Promise<DrClient> {
    return new DrClient(await connectClient(options));
  }

  async close(): Promise<void> {
    await this.temporal.connection.close();
  }

  /**
   * Starts a procedure and waits until the run has accepted its input. Throws DrError `already-running` (with the open run's id) when the estate is taken,
   * `refused` when the run will not work on this input, `no-worker` when nobody would carry it out. In the first and the last case nothing was started.
   */
  async start<Name extends ProcedureName>(procedure: Name, input: StartInputs[Name]): Promise<StartedRun> {
    await requireWorker(this.temporal, input.estate, 'Nothing was started.');
    const handle = await startRun(this.temporal, procedure, input);
    await untilAccepted(this.temporal, handle);
    return { runId: handle.workflowId, executionId: handle.firstExecutionRunId };
  }

  /** Looks at the estate as a failover would, changes nothing, and resolves with what it found. Joins an assessment that is under way. */
  async assess(input: AssessmentInput): Promise<AssessmentResult> {
    return execute<AssessmentResult>(this.temporal, 'assessment', makeAssessmentWorkflowId(input.estate, input.from), input);
  }

  /** What the workers reach of the estate, as whom, and what they lack. Only reads. */
  async checkEstate(input: { readonly estate: string; readonly planDigest?: string }): Promise<EstateCheck> {
    return execute<EstateCheck>(this.temporal, 'estateCheck', makeEstateCheckWorkflowId(input.estate), input);
  }

  /** What can be restored at which site, without a run. Only reads. */
  async restorePoints(input: { readonly estate: string; readonly planDigest?: string }): Promise<RestorePointsFound> {
    return execute<RestorePointsFound>(this.temporal, 'restorePoints', makeRestorePointsWorkflowId(input.estate), input);
  }

  /** Votes at a gate and resolves when the vote counts, with the tally. Throws DrError `refused` with the gate's sentence, `ended`, `unknown-run`, or `no-worker`: its sentence says whether the vote was sent. */
  async vote(runId: string, vote: Vote): Promise<VoteReceipt> {
    await requireWorkerOf(this.temporal, runId, 'The vote was not sent.');
    try {
      return await this.within(answerWithin, () => this.temporal.workflow.getHandle(runId).executeUpdate(voteUpdate, { args: [vote] }));
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) {
        throw new DrError('refused', `The vote was refused: ${deepest(error).message}`, {
          hint: `Look at the open gate: dr status --run ${runId}`,
          runId,
          cause: error,
        });
      }
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
        // What no worker has taken yet the server holds in memory alone, and a signal it keeps. A vote that comes twice counts once.
        await this.signal(runId, (handle) => handle.signal(voteSignal, vote)).catch(() => undefined);
        throw await unansweredVote(this.temporal, runId, vote, answerWithin, error);
      }
      throw await this.explain(error, runId);
    }
  }

  /** Votes `approve` by signal: it reaches the run even while no worker lives, and no answer comes back. */
  async approve(runId: string, vote: ShortVote): Promise<void> {
    await this.signal(runId, (handle) => handle.signal(approveSignal, vote));
  }

  /** Votes `reject` by signal. */
  async reject(runId: string, vote: ShortVote): Promise<void> {
    await this.signal(runId, (handle) => handle.signal(rejectSignal, vote));
  }

  /** Holds the run before its next change; what is under way ends first. */
  async stop(runId: string, said: Said): Promise<void> {
    await this.signal(runId, (handle) => handle.signal(stopSignal, said));
  }

  /** Lets a stopped run go on. */
  async resume(runId: string, said: Said): Promise<void> {
    await this.signal(runId, (handle) => handle.signal(resumeSignal, said));
  }

  /** Where the run is; for one that can no longer be asked, what its history says that it changed. Throws DrError `unknown-run` or `no-server`. */
  async status(runId: string): Promise<RunView> {
    const handle = this.temporal.workflow.getHandle(runId);
    try {
      const found = await this.within(answerWithin, () => handle.describe());
      mustBeRun(found, runId);
      const { status } = found;
      if (status.name === 'COMPLETED') return { state: 'ended', runId, report: await resultOf(handle) };
      if (isOver(status.name)) return { state: 'broken', ...(await this.fromHistory(handle, `The run was ${status.name.toLowerCase().replaceAll('_', ' ')}`)) };
      if (status.name === 'PAUSED') return { state: 'unattended', ...(await this.fromHistory(handle, paused.reason)), next: paused.next };
    } catch (error) {
      throw asDrError(error, runId);
    }
    return this.askRun(handle);
  }

  /** Each status that differs from the one before, until the run is no longer running; that last view ends the row. */
  async *watch(runId: string, options: { readonly everyMilliseconds?: number; readonly signal?: AbortSignal } = {}): AsyncGenerator<RunView> {
    let last = '';
    for (;;) {
      const view = await this.status(runId);
      const text = JSON.stringify(view);
      if (text !== last) yield view;
      last = text;
      if (view.state === 'ended' || view.state === 'broken') return;
      try {
        await delay(options.everyMilliseconds ?? 1000, undefined, options.signal ? { signal: options.signal } : {});
      } catch {
        return;
      }
    }
  }

  /** Waits for the end of the run and resolves with its report. Throws DrError `refused` or `ended` for a run that ended without one, `unknown-run` for what is no run. */
  async result(runId: string): Promise<Report> {
    await this.mustBeRun(runId);
    return resultOf(this.temporal.workflow.getHandle(runId));
  }

  /** The report so far; complete once the run has ended. */
  async report(runId: string): Promise<Report> {
    const view = await this.status(runId);
    if (view.state === 'ended') return view.report;
    if (view.state === 'unattended') throw new DrError('no-worker', `The report could not be asked for. ${view.reason}`, { hint: view.next, runId });
    if (view.state === 'broken') {
      throw new DrError('ended', `${runId} left no report: ${view.reason}.`, { hint: `What it changed: dr status --run ${runId}`, runId });
    }
    return inOurWords(await this.query(runId, (handle) => handle.query(reportQuery)));
  }

  /** What was counted of a run's loss after its end, when the lost site came back; null where nothing was, or not yet. Throws DrError `no-server`. */
  async addendum(report: Report): Promise<Addendum | null> {
    try {
      return await this.within(answerWithin, () => findAddendum(this.temporal, report));
    } catch (error) {
      throw asDrError(error, report.runId);
    }
  }

  /** Open workflows of any estate that cannot go on: their decisions fail, since what waits for a site for weeks may meet a new release, or nobody works under their release. Throws DrError `no-server`. */
  async stuck(): Promise<readonly StuckWorkflow[]> {
    try {
      return await this.within(answerWithin, () => findStuck(this.temporal));
    } catch (error) {
      throw asDrError(error);
    }
  }

  /** Releases of the estate's workers, the current one first. Throws DrError `no-server`. */
  async releases(estate: string): Promise<readonly Release[]> {
    return this.within(answerWithin, () => listReleases(this.temporal, estate));
  }

  /** Makes a release current: new runs begin under it, open ones stay where they are. Throws DrError `refused` when no worker of it is there, or when another change came first; then nothing was changed. */
  async useRelease(estate: string, release: string): Promise<void> {
    await this.within(answerWithin, () => useRelease(this.temporal, estate, release));
  }

  /** The plan that the run works on; null before it has taken one. */
  async plan(runId: string): Promise<PlanSnapshot | null> {
    await this.mustBeRun(runId);
    return this.query(runId, (handle) => handle.query(planQuery));
  }

  private async askRun(handle: WorkflowHandle): Promise<RunView> {
    const runId = handle.workflowId;
    try {
      await requireWorkerOf(this.temporal, runId, 'The run waits.');
      return { state: 'running', runId, status: inOurWords(await this.within(answerWithin, () => handle.query(statusQuery))) };
    } catch (error) {
      const reason = error instanceof DrError ? error.message : `No worker answered for the run: ${error instanceof Error ? error.message : String(error)}`;
      const next = `${error instanceof DrError && error.kind === 'no-worker' ? error.hint : 'Start a worker.'}\n${goesOn}`;
      return { state: 'unattended', ...(await this.fromHistory(handle, reason)), next };
    }
  }

  private async fromHistory(
    handle: WorkflowHandle,
    otherwise: string,
  ): Promise<{ readonly runId: string; readonly reason: string; readonly changes: readonly HistoricChange[] }> {
    const history = await handle.fetchHistory();
    return { runId: handle.workflowId, reason: closeReason(history) ?? otherwise, changes: changesInHistory(history) };
  }

  private async mustBeRun(runId: string): Promise<void> {
    try {
      mustBeRun(await this.within(answerWithin, () => this.temporal.workflow.getHandle(runId).describe()), runId);
    } catch (error) {
      throw asDrError(error, runId);
    }
  }

  private async query<T>(runId: string, ask: (handle: WorkflowHandle) => Promise<T>): Promise<T> {
    try {
      return await this.within(answerWithin, () => ask(this.temporal.workflow.getHandle(runId)));
    } catch (error) {
      throw asDrError(error, runId);
    }
  }

  private async signal(runId: string, send: (handle: WorkflowHandle) => Promise<void>): Promise<void> {
    try {
      await this.within(answerWithin, () => send(this.temporal.workflow.getHandle(runId)));
    } catch (error) {
      throw await this.explain(error, runId);
    }
  }

  /** "Not found" means an unknown run or one that has ended; people need to know which. */
  private async explain(error: unknown, runId: string): Promise<unknown> {
    if (!isNotFound(error)) return asDrError(error, runId);
    try {
      await this.temporal.workflow.getHandle(runId).describe();
    } catch {
      return unknownRun(runId, error);
    }
    return new DrError('ended', `The run ${runId} has ended; nothing was sent.`, { hint: `Read how it ended: dr report --run ${runId}`, runId, cause: error });
  }

  private within<T>(milliseconds: number, call: () => Promise<T>): Promise<T> {
    return within(this.temporal, milliseconds, call);
  }
}
