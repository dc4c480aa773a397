/** A workflow of somebody else under one of our ids: it keeps our own from starting, or would answer in its place. */
import type { Client } from '@temporalio/client';
import { taskQueueOf } from '../workflows/ids.ts';
import { DrError } from './errors.ts';

interface Expected {
  readonly workflowId: string;
  /** The workflow type of ours that belongs under that id. */
  readonly type: string;
  readonly estate: string;
}

/** Throws DrError `already-running` when the open workflow with this id is none of ours, with the command that ends it; what Temporal throws when it does not answer. */
export async function mustBeOurs(client: Client, { workflowId, type, estate }: Expected): Promise<void> {
  const found = await client.workflow.getHandle(workflowId).describe();
  const queue = taskQueueOf(estate);
  if (found.type === type && found.taskQueue === queue) return;
  throw new DrError(
    'already-running',
    `The id ${workflowId} is taken by a workflow of the type "${found.type}" on the queue "${found.taskQueue}", which is none of ours: it can change nothing of ${estate}, and keeps our own from starting. Nothing was started.`,
    {
      hint: `See who started it: temporal workflow describe --workflow-id ${workflowId}. End it: temporal workflow terminate --workflow-id ${workflowId} --reason "none of ours"`,
      runId: workflowId,
    },
  );
}
