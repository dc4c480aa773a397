/**
 * Who may do what. Asked before an activity begins, of Temporal and of the site agents: what a workflow says of itself is compared, never believed. A client may start any workflow type with any input, may start
 * activities by themselves, and may run workflow code of its own beside ours that schedules our activities; why this holds against all of it: docs/decisions/013-whoever-reaches-it.md.
 */
import { failure } from '../activities/errors.ts';
import type { RunContext } from '../activities/context.ts';
import { changeReach, isChange, type ChangeName } from '../workflows/changes.ts';
import { makeDryRunWorkflowId, makeFenceOnReturnWorkflowId, makeRunWorkflowId, taskQueueOf } from '../workflows/ids.ts';
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
  /** Whether the worker has the plan with this digest; any other is asked of the workflow, and secrets go to the hosts in it. */
  holdsPlan(digest: string): boolean;
  /** Returns when a majority of the agents of this worker's own plan hold the run's epoch in its name, that of its failed site left out. */
  mustHoldEpoch(run: RunContext, failedSite: string): Promise<void>;
}

const runType = 'regionalFailover';
const watchType = 'fenceOnReturn';
const types: readonly string[] = [runType, watchType, 'assessment', 'estateCheck'];
/** The one change of a watch. */
const watchChange: ChangeName = 'fenceByAgent';

/** The workflow for which an activity works. */
interface Own extends ExecutionId, Beginning {
  /** `<workflow id>@<run id>`. */
  readonly name: string;
}

export function createAdmission({ estate, executions, holdsPlan, mustHoldEpoch }: AdmissionParts): Admission {
  const queue = taskQueueOf(estate);
  const lock = makeRunWorkflowId(estate);
  const watches = makeFenceOnReturnWorkflowId(estate, '');

  /** One of our types, run by our own workers: whoever runs workflow code of his own does it on another queue. */
  async function ownOf({ activityType, workflowType, workflowExecution }: AdmittedInfo): Promise<Own> {
    if (!workflowExecution || !workflowType) throw noLock(activityType, 'It was started by itself, and belongs to no run.');
    if (!types.includes(workflowType)) throw noLock(activityType, `It was scheduled by a workflow of the type ${workflowType}, which is none of ours.`);
    const beginning = await executions.beginningOf(workflowExecution);
    const name = `${workflowExecution.workflowId}@${workflowExecution.runId}`;
    if (beginning.type !== workflowType || beginning.taskQueue !== queue)
      throw noLock(activityType, `${name} runs on the queue ${beginning.taskQueue}, whose workers are not those of ${estate}.`);
    return { ...workflowExecution, ...beginning, name };
  }

  /** The run that holds the estate, or for what is only told and kept, a dry run. */
  async function mustBeRun(change: ChangeName, own: Own, run: RunContext): Promise<void> {
    const reach = changeReach(change);
    const ids = reach === 'record' ? [lock, makeDryRunWorkflowId(estate)] : [lock];
    if (!ids.includes(own.workflowId)) throw noLock(change, `${own.workflowId} is not the lock of ${estate}.`);
    if (own.parent) throw noLock(change, `${own.name} is a child of ${own.parent.workflowId}, which is no procedure.`);
    if (run.runId !== own.workflowId || run.execution !== own.name) throw noLock(change, `${own.name} acts in the name of ${run.execution}.`);
    if (reach === 'estate' && run.epoch < 1) throw noLock(change, `${own.name} has claimed no epoch.`);
    if (!(await executions.isOpen(own))) throw noLock(change, `${own.name} is not open any more.`);
  }

  /**
   * The watch of a run that claimed the epoch. It outlives its run, whose history may be gone: the agents know that the epoch was claimed by a run that was let do so, and by which. After a
   * release people may reset a watch that cannot go on; that one counts as long as its run says that it recovered, since one that took its fences back has ended its watch.
   */
  async function mustBeWatch(activity: string, own: Own, run: RunContext): Promise<string> {
    const site = own.workflowId.startsWith(watches) ? own.workflowId.slice(watches.length) : '';
    if (site === '') throw noLock(activity, `${own.workflowId} is no watch of ${estate}.`);
    const parent = own.parent ? `${own.parent.workflowId}@${own.parent.runId}` : 'nobody';
    if (own.parent?.workflowId !== lock || run.runId !== lock || run.execution !== parent)
      throw noLock(activity, `${own.name} acts in the name of ${run.execution}, and was started by ${parent}.`);
    if (own.reset && !(await executions.hasRecovered(own.parent)))
      throw noLock(activity, `${own.name} was made by a reset, and ${parent} does not say that it recovered ${estate}.`);
    if (!(await executions.isOpen(own))) throw noLock(activity, `${own.name} is not open any more.`);
    await mustHoldEpoch(run, site);
    return site;
  }

  async function mayChange(change: ChangeName, own: Own, run: RunContext | undefined, site: string | undefined): Promise<void> {
    if (!run) throw noLock(change, 'It does not say for which run it works.');
    if (own.type === runType) return mustBeRun(change, own, run);
    if (own.type !== watchType || change !== watchChange) throw noLock(change, `A workflow of the type ${own.type} changes no such thing.`);
    if ((await mustBeWatch(change, own, run)) !== site) throw noLock(change, `${own.workflowId} does not watch ${site ?? 'a site'}.`);
  }

  return {
    async admit(info, args) {
      const { run, site } = readActivityInput(info.activityType, args);
      const own = await ownOf(info);
      // Not even a read: such a run must end, before it asks anybody anything.
      if (own.type === runType && own.reset) throw noLock(info.activityType, `${own.name} was made by a reset: the votes in it were given to another run.`);
      if (isChange(info.activityType)) return mayChange(info.activityType, own, run, site);
      if (own.type === watchType && run && !holdsPlan(run.planDigest)) await mustBeWatch(info.activityType, own, run);
    },
  };
}

function noLock(activity: string, happened: string): Error {
  return failure('no-lock', { happened: `${activity} was asked for by a workflow that may not do it. ${happened}`, leftAs: 'Nothing was done.' });
}
