/**
 * Who may do what. Asked before an activity begins, of Temporal and of the site agents: what a workflow says of itself is compared, never believed. A client may start any workflow type with any input, may start
 * activities by themselves, and may run workflow code of its own beside ours that schedules our activities; why this holds against all of it: docs/decisions/013-whoever-reaches-it.md.
 */
import { isProcedureName, procedureNames } from '../plan/catalogue/names.ts';
import { errorTypeOf, failure } from '../activities/errors.ts';
import type { RunContext } from '../activities/context.ts';
import { changeReach, isChange, type ChangeName } from '../workflows/wire/changes.ts';
import { makeDryRunWorkflowId, makeFenceOnReturnWorkflowId, makeRunWorkflowId, taskQueueOf, readTypes } from '../workflows/wire/ids.ts';
import { isLentId } from '../workflows/wire/lending.ts';
import { readActivityInput } from './activity-input.ts';
import type { Beginning, ExecutionId, Executions } from './executions.ts';

/** What of an activity's own information counts. */
export interface AdmittedInfo {
  readonly activityType: string;
  /** Both absent for one that was started by itself. */
  readonly workflowType?: string;
  readonly workflowExecution?: ExecutionId;
}

export interface Admission {
  /** Returns when the activity may begin. Throws `refused` for an input that cannot be read, `no-lock` when its workflow may not do this, `stale-epoch` for an older run, `transient` when nobody could be asked. */
  admit(info: AdmittedInfo, args: readonly unknown[]): Promise<void>;
}

export interface AdmissionParts {
  readonly estate: string;
  readonly executions: Executions;
  /** Workflow types that lend the lock of the estate. */
  readonly lenders: readonly string[];
  /** Whether the worker has the plan with this digest; any other is asked of the workflow, and secrets go to the hosts in it. */
  holdsPlan(digest: string): boolean;
  /** Returns when a majority of those who hold an epoch by this worker's own plan, or as many as people accepted for this run, hold it in its name. */
  mustHoldEpoch(run: RunContext): Promise<void>;
}

const watchType = 'fenceOnReturn';
/** What a watch does: the fence of its site, and telling what became of it. */
const watchFence: ChangeName = 'fenceByAgent';
const watchTells: ChangeName = 'notifyStakeholders';

/** The workflow for which an activity works. */
interface Own extends ExecutionId, Beginning {
  /** `<workflow id>@<run id>`. */
  readonly name: string;
}

export function createAdmission(parts: AdmissionParts): Admission {
  return new EstateAdmission(parts);
}

class EstateAdmission implements Admission {
  private readonly parts: AdmissionParts;
  private readonly queue: string;
  private readonly lock: string;
  private readonly watches: string;
  /** Workflow types of ours. */
  private readonly types: readonly string[];

  constructor(parts: AdmissionParts) {
    this.parts = parts;
    this.queue = taskQueueOf(parts.estate);
    this.lock = makeRunWorkflowId(parts.estate);
    this.watches = makeFenceOnReturnWorkflowId(parts.estate, '');
    this.types = [...Object.keys(procedureNames), ...parts.lenders, watchType, ...readTypes];
  }

  async admit(info: AdmittedInfo, args: readonly unknown[]): Promise<void> {
    const { run, site } = readActivityInput(info.activityType, args);
    const own = await this.ownOf(info);
    // Not even a read: such a run must end, before it asks anybody anything.
    if (isProcedureName(own.type) && own.reset !== 'no')
      throw noLock(info.activityType, `${own.name} was made by a reset: the votes in it were given to another run.`);
    // What nobody of ours lent must not ask people, and end only when it would change something.
    if (isProcedureName(own.type) && isLentId(own.workflowId, this.parts.estate)) await this.mustBeLent(info.activityType, own);
    if (isChange(info.activityType)) return this.mayChange(info.activityType, own, run, site);
    if (own.type === watchType && run && !this.parts.holdsPlan(run.planDigest)) await this.mustBeWatch(info.activityType, own, run);
  }

  /** One of our types, run by whoever polls our queue, which is for our workers alone (docs/operations.md): others run workflow code of their own on another queue. */
  private async ownOf({ activityType, workflowType, workflowExecution }: AdmittedInfo): Promise<Own> {
    if (!workflowExecution || !workflowType) throw noLock(activityType, 'It was started by itself, and belongs to no run.');
    if (!this.types.includes(workflowType)) throw noLock(activityType, `It was scheduled by a workflow of the type ${workflowType}, which is none of ours.`);
    const beginning = await this.parts.executions.beginningOf(workflowExecution);
    const name = `${workflowExecution.workflowId}@${workflowExecution.runId}`;
    if (!beginning) throw failure('transient', { happened: `Temporal knows no ${name}, and gave a task of it.`, leftAs: 'Nothing was done.' });
    if (beginning.type !== workflowType || beginning.taskQueue !== this.queue)
      throw noLock(activityType, `${name} runs on the queue ${beginning.taskQueue}, whose workers are not those of ${this.parts.estate}.`);
    return { ...workflowExecution, ...beginning, name };
  }

  /** That an execution under the lock is or was a run of ours: by how it began, or, where its history is gone, since a majority of the holders has its epoch in its name, which only a run of ours can have claimed there. */
  private async mustHaveBeenRun(activity: string, execution: ExecutionId, run: RunContext, failedSite: string): Promise<void> {
    const beginning = await this.parts.executions.beginningOf(execution);
    if (beginning) {
      if (
        isProcedureName(beginning.type) &&
        beginning.taskQueue === this.queue &&
        (!beginning.parent || beginning.parent.workflowId === this.lock) &&
        beginning.reset === 'no'
      )
        return;
      throw noLock(activity, `${run.execution}, which started it, is no run of ours.`);
    }
    try {
      await this.parts.mustHoldEpoch(run);
    } catch (error) {
      if (errorTypeOf(error) !== 'stale-epoch') throw error;
      throw noLock(
        activity,
        `The history of ${run.execution}, which started it, is gone, and a later run's epoch is held. End this watch; fence ${failedSite} by its agent.`,
      );
    }
  }

  /** The run that holds the estate, or for what is only told and kept, a dry run. */
  private async mustBeRun(change: ChangeName, own: Own, run: RunContext): Promise<void> {
    const reach = changeReach(change);
    const ids = reach === 'record' ? [this.lock, makeDryRunWorkflowId(this.parts.estate)] : [this.lock];
    const lent = isLentId(own.workflowId, this.parts.estate);
    if (!lent && !ids.includes(own.workflowId)) throw noLock(change, `${own.workflowId} is not the lock of ${this.parts.estate}.`);
    if (!lent && own.parent) throw noLock(change, `${own.name} is a child of ${own.parent.workflowId}, which is no procedure.`);
    if (run.runId !== own.workflowId || run.execution !== own.name) throw noLock(change, `${own.name} acts in the name of ${run.execution}.`);
    if (reach === 'estate' && run.epoch < 1) throw noLock(change, `${own.name} has claimed no epoch.`);
    if (!(await this.parts.executions.isOpen(own))) throw noLock(change, `${own.name} is not open any more.`);
  }

  /** A procedure under a lent lock acts for as long as its lender, a workflow of ours, holds it: whoever comes after that knows nothing of this one. */
  private async mustBeLent(activity: string, { name, parent }: Own): Promise<void> {
    const lender = parent?.workflowId === this.lock ? await this.parts.executions.beginningOf(parent) : null;
    if (!parent || !lender || !this.parts.lenders.includes(lender.type) || lender.taskQueue !== this.queue || lender.reset !== 'no')
      throw noLock(activity, `Nobody of ours lends ${name} the lock of ${this.parts.estate}.`);
    if (!(await this.parts.executions.isOpen(parent)))
      throw noLock(activity, `${parent.workflowId}@${parent.runId}, which lent ${name} the lock, is not open any more.`);
  }

  /**
   * The watch of a run of ours, which it outlives; a later run for another site is no reason to end it. After a release people may reset a watch that cannot go on; that one counts as long as
   * its run says that it recovered, since one that took its fences back has ended its watch.
   */
  private async mustBeWatch(activity: string, own: Own, run: RunContext): Promise<string> {
    const site = own.workflowId.startsWith(this.watches) ? own.workflowId.slice(this.watches.length) : '';
    if (site === '') throw noLock(activity, `${own.workflowId} is no watch of ${this.parts.estate}.`);
    const parent = own.parent ? `${own.parent.workflowId}@${own.parent.runId}` : 'nobody';
    const byRun = own.parent !== null && (own.parent.workflowId === this.lock || isLentId(own.parent.workflowId, this.parts.estate));
    if (!byRun || run.runId !== own.parent?.workflowId || run.execution !== parent)
      throw noLock(activity, `${own.name} acts in the name of ${run.execution}, and was started by ${parent}.`);
    if (own.reset === 'after its end') throw noLock(activity, `${own.name} was made by a reset of a watch that had ended. End it.`);
    if (own.reset !== 'no' && !(await this.parts.executions.hasRecovered(own.parent)))
      throw noLock(activity, `${own.name} was made by a reset, and ${parent} does not say that it recovered ${this.parts.estate}.`);
    if (!(await this.parts.executions.isOpen(own))) throw noLock(activity, `${own.name} is not open any more.`);
    await this.mustHaveBeenRun(activity, own.parent, run, site);
    return site;
  }

  private async mayChange(change: ChangeName, own: Own, run: RunContext | undefined, site: string | undefined): Promise<void> {
    if (!run) throw noLock(change, 'It does not say for which run it works.');
    if (isProcedureName(own.type)) return this.mustBeRun(change, own, run);
    if (own.type !== watchType || (change !== watchFence && change !== watchTells))
      throw noLock(change, `A workflow of the type ${own.type} changes no such thing.`);
    const watched = await this.mustBeWatch(change, own, run);
    if (change === watchFence && watched !== site) throw noLock(change, `${own.workflowId} does not watch ${site ?? 'a site'}.`);
  }
}

function noLock(activity: string, happened: string): Error {
  return failure('no-lock', { happened: `${activity} was asked for by a workflow that may not do it. ${happened}`, leftAs: 'Nothing was done.' });
}
