/** What Temporal knows of workflow executions, which no workflow can say of itself. */
import { type Client, isGrpcServiceError } from '@temporalio/client';
import { failure } from '../activities/errors.ts';
import type { Report } from '../report/report.ts';

export interface ExecutionId {
  readonly workflowId: string;
  readonly runId: string;
}

/** How an execution began; it never changes. */
export interface Beginning {
  readonly type: string;
  readonly taskQueue: string;
  readonly parent: ExecutionId | null;
  /** A reset made it: what it was told was told to another. */
  readonly reset: boolean;
}

export interface Executions {
  /** Null for one that Temporal does not know, or no longer. A `transient` failure when it does not answer, as of the others. */
  beginningOf(execution: ExecutionId): Promise<Beginning | null>;
  /** False also for one that Temporal does not know. */
  isOpen(execution: ExecutionId): Promise<boolean>;
  /** Whether this run says that it recovered its estate. One whose history is gone says nothing; one that is open does not say it yet, which is `transient`. */
  hasRecovered(execution: ExecutionId): Promise<boolean>;
}

/** gRPC's status of what is not there. */
const notFound = 5;
/** Longest wait for one answer, milliseconds. */
const answerMilliseconds = 5_000;
/** Beginnings that are kept: more than a worker has open workflows. */
const keptMax = 1_000;
/** Statuses of Temporal's API in which an execution goes on. */
const statuses = { unspecified: 0, running: 1, completed: 2, paused: 8 } as const;
/** Failed, cancelled, terminated, continued as new, timed out. */
const endedOtherwise: readonly number[] = [3, 4, 5, 6, 7];
const open: readonly number[] = [statuses.running, statuses.paused];

export function executionsOf(client: Client): Executions {
  const { namespace } = client.options;
  const kept = new Map<string, Beginning>();
  /** Null where Temporal does not know what it is asked about. */
  const ask = async <T>(what: string, call: () => Promise<T>): Promise<T | null> => {
    try {
      return await client.withDeadline(Date.now() + answerMilliseconds, call);
    } catch (error) {
      if (isGrpcServiceError(error) && error.code === notFound) return null;
      throw failure('transient', { happened: `Temporal did not tell ${what}.`, leftAs: 'Nothing was done.' }, {}, error);
    }
  };
  return {
    async beginningOf(execution) {
      const known = kept.get(execution.runId);
      if (known) return known;
      const answer = await ask(`how ${execution.workflowId} began`, () =>
        client.workflowService.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: 1 }),
      );
      if (answer === null) return null;
      const started = answer.history?.events?.[0]?.workflowExecutionStartedEventAttributes;
      if (!started) throw failure('transient', { happened: `Temporal did not tell how ${execution.workflowId} began.`, leftAs: 'Nothing was done.' });
      const { parentWorkflowExecution: parent } = started;
      const beginning: Beginning = {
        type: started.workflowType?.name ?? '',
        taskQueue: started.taskQueue?.name ?? '',
        parent: parent?.workflowId && parent.runId ? { workflowId: parent.workflowId, runId: parent.runId } : null,
        // Its events begin with those of the execution from which it was made.
        reset: started.originalExecutionRunId !== execution.runId,
      };
      if (kept.size >= keptMax) kept.clear();
      kept.set(execution.runId, beginning);
      return beginning;
    },
    async isOpen(execution) {
      const answer = await ask(`whether ${execution.workflowId} is open`, () => client.workflowService.describeWorkflowExecution({ namespace, execution }));
      if (answer === null) return false;
      const status = Number(answer.workflowExecutionInfo?.status ?? statuses.unspecified);
      if (open.includes(status)) return true;
      if (status === statuses.completed || endedOtherwise.includes(status)) return false;
      // Also a status that a later server may give: a "no" would end the run for good.
      throw failure('transient', { happened: `Temporal did not tell whether ${execution.workflowId} is open.`, leftAs: 'Nothing was done.' });
    },
    async hasRecovered(execution) {
      const { workflowId, runId } = execution;
      const answer = await ask(`how ${workflowId} ended`, () => client.workflowService.describeWorkflowExecution({ namespace, execution }));
      if (answer === null) return false;
      const status = Number(answer.workflowExecutionInfo?.status ?? statuses.unspecified);
      if (status !== statuses.completed) {
        if (endedOtherwise.includes(status)) return false;
        throw failure('transient', {
          happened: `The run ${workflowId} does not say whether it recovered: ${open.includes(status) ? 'it has not ended yet' : 'what has become of it is not known here'}.`,
          leftAs: 'Nothing was done.',
        });
      }
      const report = await ask(
        `how ${workflowId} ended`,
        () => client.workflow.getHandle(workflowId, runId, { followRuns: false }).result() as Promise<Partial<Report>>,
      );
      return report?.outcome?.startsWith('recovered') ?? false;
    },
  };
}
