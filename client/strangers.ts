/** A workflow of somebody else under one of our ids: it keeps our own from starting, or would answer in its place. */
import type { Client } from '@temporalio/client';
import { isProcedureName } from '../plan/catalogue/names.ts';
import { estateOf, taskQueueOf } from '../workflows/wire/ids.ts';
import { holdsLock } from '../workflows/wire/lending.ts';
import { DrError } from './errors.ts';

/** What Temporal says of it. */
interface Found {
  readonly type: string;
  readonly taskQueue: string;
}

interface Expected {
  readonly workflowId: string;
  /** The workflow type of ours that belongs under that id. */
  readonly type: string;
  readonly estate: string;
}

/** Whether this is a workflow of ours, on the queue of its estate. */
function isOurs(found: Found, isType: (type: string) => boolean, estate: string): boolean {
  return isType(found.type) && found.taskQueue === taskQueueOf(estate);
}

/** Throws DrError `unknown-run` when what stands under a run's id is none: it would answer in its place. An id that names no estate is left to Temporal. */
export function mustBeRun(found: Found, runId: string): void {
  const estate = estateOf(runId);
  if (estate === undefined || isOurs(found, isProcedureName, estate)) return;
  if (isOurs(found, holdsLock, estate))
    throw new DrError('unknown-run', `${runId} is ${described(found)}: it holds ${estate} and lends it to a procedure, which is the run to look at.`, {
      hint: `Its id: temporal workflow list --query "WorkflowId STARTS_WITH '${runId}/' AND ExecutionStatus = 'Running'"`,
      runId,
    });
  throw new DrError(
    'unknown-run',
    `Under the id ${runId} stands ${described(found)}: no run, and nothing of ${estate} can be changed by it. What it says is not shown.`,
    {
      hint: `See who started it: temporal workflow describe --workflow-id ${runId}. Runs before it: temporal workflow list --query "WorkflowId = '${runId}'"`,
      runId,
    },
  );
}

/** Throws DrError `already-running` when the open workflow with this id is none of ours, with the command that ends it; what Temporal throws when it does not answer. */
export async function mustBeOurs(client: Client, { workflowId, type, estate }: Expected): Promise<void> {
  const found = await client.workflow.getHandle(workflowId).describe();
  // Under the lock any procedure is ours, and who lends it.
  const right = holdsLock(type) ? holdsLock : (its: string) => its === type;
  if (isOurs(found, right, estate)) return;
  throw new DrError(
    'already-running',
    `The id ${workflowId} is taken by ${described(found)}, which is none of ours: it can change nothing of ${estate}, and keeps our own from starting. Nothing was started.`,
    {
      hint: `See who started it: temporal workflow describe --workflow-id ${workflowId}. End it: temporal workflow terminate --workflow-id ${workflowId} --reason "none of ours"`,
      runId: workflowId,
    },
  );
}

function described({ type, taskQueue }: Found): string {
  return `a workflow of the type "${type}" on the queue "${taskQueue}"`;
}
