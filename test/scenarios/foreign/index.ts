/** Workflow code of somebody else, under any name, on a queue of his own: it asks our workers for whatever its script says. */
import { ActivityFailure, ApplicationFailure, ParentClosePolicy, proxyActivities, startChild, workflowInfo } from '@temporalio/workflow';

export interface Script {
  /** The queue of our workers. */
  readonly queue: string;
  /** Activities to ask for, one after another. In each input `EXECUTION` stands for the name of this execution. */
  readonly calls: readonly { readonly activity: string; readonly input: unknown }[];
  /** A child to start on that queue, and its input in the same way. */
  readonly child?: { readonly type: string; readonly workflowId: string; readonly input: unknown };
}

/** What each call came to: `done`, or the type of its failure. */
export async function anything({ queue, calls, child }: Script): Promise<Record<string, string>> {
  const { workflowId, runId } = workflowInfo();
  const named = (input: unknown): unknown => JSON.parse(JSON.stringify(input).replaceAll('EXECUTION', `${workflowId}@${runId}`));
  const ours = proxyActivities<Record<string, (input: unknown) => Promise<unknown>>>({
    taskQueue: queue,
    startToCloseTimeout: '30 seconds',
    retry: { maximumAttempts: 1 },
  });
  const outcome: Record<string, string> = {};
  for (const { activity, input } of calls) {
    try {
      await ours[activity]?.(named(input));
      outcome[activity] = 'done';
    } catch (error) {
      const cause = error instanceof ActivityFailure ? error.cause : error;
      outcome[activity] = cause instanceof ApplicationFailure ? (cause.type ?? 'no type') : String(cause);
    }
  }
  if (child)
    await startChild(child.type, { workflowId: child.workflowId, taskQueue: queue, args: [named(child.input)], parentClosePolicy: ParentClosePolicy.ABANDON });
  return outcome;
}

export { anything as assessment, anything as estateCheck, anything as fenceOnReturn, anything as regionalFailover, anything as restorePoints };
