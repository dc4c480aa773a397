/** The start of a run: the plan it works on, and the checks that refuse a wrong start before anything is touched. */
import { type ApplicationFailure, setHandler, type WorkflowInfo, workflowInfo } from '@temporalio/workflow';
import type { RunContext } from '../../activities/context.ts';
import type { PlanSnapshot, ProcedureName } from '../../plan/schema.ts';
import { failure } from './failures.ts';
import { toolsFor } from './activity-proxies.ts';
import { planQuery, type StartInput } from '../wire/messages.ts';
import { makeRunWorkflowId, makeWorkflowId } from '../wire/ids.ts';
import { lenders, makeLentWorkflowId } from '../wire/lending.ts';

/** A start waits so long for a worker, seconds: the lock is held by then, and to end because workers were away for a while would only cost one more start. */
const workerSeconds = 15 * 60;

/** The worker's plan, which the run keeps until its end. Refused when the starter named another digest. */
export async function loadRunPlan(expectedDigest: string | undefined): Promise<PlanSnapshot> {
  const { read } = toolsFor('Load the plan', workerSeconds);
  return read.loadPlan(expectedDigest === undefined ? {} : { expectedDigest });
}

/** No run with its gates and waits lasts so long. Some clients send 0 for none. */
const longestRunMilliseconds = 30 * 24 * 3600 * 1000;

/** Whether a run works under a lock that its parent lends it: by both ids. Who the parent is, the workers ask Temporal before anything is changed. */
export function isLent({ parent, workflowId }: Pick<WorkflowInfo, 'parent' | 'workflowId'>, estate: string, procedure: ProcedureName): boolean {
  return lenders.length > 0 && parent?.workflowId === makeRunWorkflowId(estate) && workflowId === makeLentWorkflowId(estate, procedure);
}

/** Refuses a start that would end a run before its time, or begin it again: a run that the server cuts off undoes nothing and leaves no report. */
export function checkStart(info: WorkflowInfo, estate: string, procedure: ProcedureName): void {
  const { parent, cronSchedule, retryPolicy, runTimeoutMs, executionTimeoutMs } = info;
  const wrong = [
    ...(parent && !isLent(info, estate, procedure) ? ['a parent'] : []),
    ...(cronSchedule ? ['a cron schedule'] : []),
    ...(retryPolicy ? ['a retry policy'] : []),
    ...(Math.min(runTimeoutMs || Infinity, executionTimeoutMs || Infinity) < longestRunMilliseconds ? ['a time-out'] : []),
  ];
  if (wrong.length > 0) throw refuse(`The run was started with ${wrong.join(' and ')}.`, 'Start it without: a run has its own bounds, and is started once.');
}

/** The start of a workflow that only reads: the worker's plan, which it keeps and hands to workers that hold another, and what activities are told. Refused for another estate, and under another id than `rightId`: clients join what is under way there, and one that asks each second has one answer at a time made, not hundreds. */
export async function openReadOnly(
  input: { readonly estate: string; readonly planDigest?: string },
  rightId: string,
): Promise<{ readonly plan: PlanSnapshot['plan']; readonly run: RunContext }> {
  const { workflowId } = workflowInfo();
  if (workflowId !== rightId)
    throw refuse(
      `The workflow id "${workflowId}" is not that of the question that this input asks.`,
      `Start it under the id ${rightId}: whoever asks the same meanwhile shares its answer.`,
    );
  const kept: { snapshot: PlanSnapshot | null } = { snapshot: null };
  setHandler(planQuery, () => kept.snapshot, { description: 'The plan that is worked on.' });
  const { plan, digest } = (kept.snapshot = await loadRunPlan(input.planDigest));
  mustBeEstate(plan, input.estate);
  return { plan, run: { runId: workflowId, execution: executionName(), planDigest: digest, epoch: 0 } };
}

/** Unique name of this execution: by it epochs are held. */
export function executionName(): string {
  const { workflowId, runId } = workflowInfo();
  return `${workflowId}@${runId}`;
}

function mustBeEstate(plan: PlanSnapshot['plan'], estate: string): void {
  if (estate !== plan.estate.name)
    throw refuse(`The worker recovers the estate "${plan.estate.name}", not "${estate}".`, 'Name that estate, or start a worker with the other plan.');
}

/** Refuses a start that is not this estate's: its name, and the id that is its lock. */
export function checkLock({ plan }: PlanSnapshot, { estate, mode }: Pick<StartInput, 'estate' | 'mode'>, info: WorkflowInfo, procedure: ProcedureName): void {
  mustBeEstate(plan, estate);
  if (isLent(info, estate, procedure)) return;
  const { workflowId } = info;
  const rightId = makeWorkflowId(mode, estate);
  if (workflowId === rightId) return;
  throw refuse(
    `The workflow id "${workflowId}" is not this estate's lock.`,
    `Start again with the workflow id ${rightId}; only one run per estate can hold it.`,
  );
}

/** The refusal of a start; nothing was changed by then. */
export function refuse(happened: string, next: string): ApplicationFailure {
  return failure('refused', { happened, leftAs: 'Nothing was changed.', next });
}
