/** What Temporal knows of workflow executions, which no workflow can say of itself. */
import type { Client } from '@temporalio/client';
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
  /** A `transient` failure when Temporal does not answer, as of the others. */
  beginningOf(execution: ExecutionId): Promise<Beginning>;
  isOpen(execution: ExecutionId): Promise<boolean>;
  /** Whether this run ended and says that it recovered its estate. One whose history is gone says nothing. */
  hasRecovered(execution: ExecutionId): Promise<boolean>;
}

/** Longest wait for one answer, milliseconds. */
const answerMilliseconds = 5_000;
/** Beginnings that are kept: more than a worker has open workflows. */
const keptMax = 1_000;
/** Statuses of Temporal's API in which an execution goes on. */
const statuses = { running: 1, paused: 8, unspecified: 0 } as const;

export function executionsOf(client: Client): Executions {
  const { namespace } = client.options;
  const kept = new Map<string, Beginning>();
  const ask = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await client.withDeadline(Date.now() + answerMilliseconds, call);
    } catch (error) {
      throw failure('transient', { happened: `Temporal did not tell ${what}.`, leftAs: 'Nothing was done.' }, {}, error);
    }
  };
  return {
    async beginningOf(execution) {
      const known = kept.get(execution.runId);
      if (known) return known;
      const { history } = await ask(`how ${execution.workflowId} began`, () =>
        client.workflowService.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: 1 }),
      );
      const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
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
      const { workflowExecutionInfo } = await ask(`whether ${execution.workflowId} is open`, () =>
        client.workflowService.describeWorkflowExecution({ namespace, execution }),
      );
      const status = Number(workflowExecutionInfo?.status ?? statuses.unspecified);
      if (status === statuses.unspecified)
        throw failure('transient', { happened: `Temporal did not tell whether ${execution.workflowId} is open.`, leftAs: 'Nothing was done.' });
      return status === statuses.running || status === statuses.paused;
    },
    async hasRecovered({ workflowId, runId }) {
      try {
        const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
        const report: Partial<Report> = await client.withDeadline(Date.now() + answerMilliseconds, () => handle.result());
        return report.outcome?.startsWith('recovered') ?? false;
      } catch {
        return false;
      }
    },
  };
}
