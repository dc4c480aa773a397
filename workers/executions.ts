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
  /** Whether a reset made it, or one that it continues: what it was told was told to another. `after its end`: of one that had ended, so that it would do again what was over. */
  readonly reset: 'no' | 'while it was open' | 'after its end';
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
/** A watch is reset to its first decision, as docs/operations.md says; a reset that is later in a history than these events is not looked for. */
const resetEventsMax = 250;
/** `HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT` of Temporal's API. */
const closeEvent = 2;
/** By this name the server ends what a reset takes the place of. */
const resetter = 'history-resetter';
/** Statuses of Temporal's API in which an execution goes on. */
const statuses = { unspecified: 0, running: 1, completed: 2, paused: 8 } as const;
/** Failed, cancelled, terminated, continued as new, timed out. */
const endedOtherwise: readonly number[] = [3, 4, 5, 6, 7];
const open: readonly number[] = [statuses.running, statuses.paused];

type Ask = <T>(what: string, call: () => Promise<T>) => Promise<T | null>;

/** Null where Temporal does not know what it is asked about; a `transient` failure where it does not answer. */
function askOf(client: Client): Ask {
  return async (what, call) => {
    try {
      return await client.withDeadline(Date.now() + answerMilliseconds, call);
    } catch (error) {
      if (isGrpcServiceError(error) && error.code === notFound) return null;
      throw failure('transient', { happened: `Temporal did not tell ${what}.`, leftAs: 'Nothing was done.' }, {}, error);
    }
  };
}

/** How executions began, each asked for once. */
function beginningsOf(client: Client, ask: Ask): Executions['beginningOf'] {
  const { namespace } = client.options;
  const kept = new Map<string, Beginning>();
  /** One whose history is gone was no reset that anybody could show. */
  const resetOf = async (former: ExecutionId | '' | null | undefined): Promise<Beginning['reset']> =>
    former ? ((await beginningOf(former))?.reset ?? 'no') : 'no';
  const howReset = async (execution: ExecutionId): Promise<Beginning['reset']> => {
    const what = `from what ${execution.workflowId} was reset`;
    const made = await ask(what, () => client.workflowService.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: resetEventsMax }));
    const resets = (made?.history?.events ?? []).flatMap((event) => event.workflowTaskFailedEventAttributes ?? []);
    const runId = resets.find(({ newRunId }) => newRunId === execution.runId)?.baseRunId;
    if (!runId) return 'after its end';
    const base = { ...execution, runId };
    const close = await ask(what, () =>
      client.workflowService.getWorkflowExecutionHistory({ namespace, execution: base, maximumPageSize: 1, historyEventFilterType: closeEvent }),
    );
    const ended = close?.history?.events?.[0]?.workflowExecutionTerminatedEventAttributes;
    // The server ends by the reset what is open then; what was over before is as it was.
    return ended?.identity !== resetter || (await resetOf(base)) === 'after its end' ? 'after its end' : 'while it was open';
  };
  const beginningOf = async (execution: ExecutionId): Promise<Beginning | null> => {
    const known = kept.get(execution.runId);
    if (known) return known;
    const answer = await ask(`how ${execution.workflowId} began`, () =>
      client.workflowService.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: 1 }),
    );
    if (answer === null) return null;
    const started = answer.history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    if (!started) throw failure('transient', { happened: `Temporal did not tell how ${execution.workflowId} began.`, leftAs: 'Nothing was done.' });
    const { parentWorkflowExecution: parent, continuedExecutionRunId: continued } = started;
    const beginning: Beginning = {
      type: started.workflowType?.name ?? '',
      taskQueue: started.taskQueue?.name ?? '',
      parent: parent?.workflowId && parent.runId ? { workflowId: parent.workflowId, runId: parent.runId } : null,
      // The events of one that a reset made begin with those of the execution from which it was made.
      reset: started.originalExecutionRunId === execution.runId ? await resetOf(continued && { ...execution, runId: continued }) : await howReset(execution),
    };
    if (kept.size >= keptMax) kept.clear();
    kept.set(execution.runId, beginning);
    return beginning;
  };
  return beginningOf;
}

export function executionsOf(client: Client): Executions {
  const { namespace } = client.options;
  const ask = askOf(client);
  return {
    beginningOf: beginningsOf(client, ask),
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
