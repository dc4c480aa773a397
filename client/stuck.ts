/** Open workflows that cannot go on, since their decisions fail: asked from the server, since such a workflow answers nobody. Used by `dr status` and by the worker's health. */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { taskQueue } from '../workflows/ids.ts';

export interface StuckWorkflow {
  readonly workflowId: string;
  /** Workflow type, such as `fenceOnReturn`. */
  readonly type: string;
  /** When the decision was first due; RFC 3339. */
  readonly since: string;
  readonly tries: number;
  /** The worker's words. */
  readonly reason: string;
  /** The workers run other workflow code than it began with. */
  readonly incompatible: boolean;
}

/** A worker that dies costs a decision one try, and another one takes it over. */
const triesOfOneDeath = 2;

/** All of them on our queue, as the server lists it: what was started within the last second may be missing. Throws what the SDK throws when the server does not answer. */
export async function findStuck(client: Client): Promise<readonly StuckWorkflow[]> {
  const stuck: StuckWorkflow[] = [];
  for await (const open of client.workflow.list({ query: `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'` }))
    stuck.push(...(await lookAt(client, open)));
  return stuck;
}

async function lookAt(client: Client, { workflowId, runId, type }: WorkflowExecutionInfo): Promise<readonly StuckWorkflow[]> {
  const handle = client.workflow.getHandle(workflowId, runId);
  const { raw } = await handle.describe();
  const task = raw.pendingWorkflowTask;
  const tries = task?.attempt ?? 1;
  if (!task || tries <= 1) return [];
  const { events } = await handle.fetchHistory();
  // The server writes down the first failure alone, as the last event but those that people and timers add.
  const failed = events?.findLast(
    (event) => event.workflowTaskFailedEventAttributes ?? event.workflowTaskCompletedEventAttributes,
  )?.workflowTaskFailedEventAttributes;
  if (!failed && tries <= triesOfOneDeath) return [];
  const reason = firstLine(failed?.failure?.message) ?? 'no worker has brought it to an end in time';
  const dueAt = Number(task.originalScheduledTime?.seconds ?? 0) * 1000;
  return [{ workflowId, type, since: new Date(dueAt).toISOString(), tries, reason, incompatible: /TMPRL1100|nondeterminism/i.test(reason) }];
}

function firstLine(text: string | null | undefined): string | undefined {
  return text?.split('\n')[0]?.slice(0, 300);
}

/** What it means, and what to do, for people. */
export function explainStuck({ workflowId, type, since, tries, reason, incompatible }: StuckWorkflow): string {
  const what = `${workflowId} cannot go on: its decision fails since ${since}, ${tries} tries so far (${reason}).`;
  const why = incompatible ? ' The workers run other workflow code than it began with.' : '';
  const meaning = type === 'fenceOnReturn' ? ' THE SITE THAT IT WAITS FOR IS NOT FENCED WHEN IT COMES BACK.' : ' It does nothing more until it goes on.';
  const reset = `temporal workflow reset --workflow-id ${workflowId} --type FirstWorkflowTask --reason "new release"`;
  const next =
    type === 'fenceOnReturn'
      ? ` HINT: Let it begin anew under the code that runs: ${reset}`
      : ' HINT: Start a worker of the release that it began with, and no other; never reset a run.';
  return `${what}${why}${meaning}${next} (docs/operations.md, "Open workflows at a release")`;
}
