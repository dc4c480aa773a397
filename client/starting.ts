/** Starts runs, and workflows that only read, and waits for what becomes of them. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowFailedError, type WorkflowHandle, type WorkflowStartOptions } from '@temporalio/client';
import type { ProcedureName } from '../plan/catalogue/index.ts';
import type { Report } from '../report/report.ts';
import { estateOf, makeWorkflowId, taskQueueOf } from '../workflows/wire/ids.ts';
import { planQuery } from '../workflows/wire/messages.ts';
import { type StartInputs, starts } from '../workflows/wire/starts.ts';
import { asDrError, DrError, noWorker } from './errors.ts';
import { inOurWords } from './older.ts';
import { isOver } from './over.ts';
import { mustBeOurs } from './strangers.ts';
import { answerWithin, within } from './within.ts';
import { requireWorker } from './workers.ts';

/** Longest wait for a started run to take the plan, milliseconds. */
const acceptWithin = 20_000;
const lookEvery = 250;
/** Longest wait for a workflow that only reads, milliseconds: its bounds are minutes, and one that was there before may have been started to begin tomorrow. */
const readOnlyWithin = 15 * 60_000;
/**
 * How long a decision of a run that a worker has begun may take before another worker makes it. Decisions take milliseconds; the server's 10 s would be added to a recovery
 * whenever a worker dies in one.
 */
const workflowTaskTimeout = '5 s';

/** Starts a run, unless one holds the estate. Throws DrError `already-running`. */
export async function startRun<Name extends ProcedureName>(
  temporal: Client,
  procedure: Name,
  input: StartInputs[Name],
): Promise<WorkflowHandle & { readonly firstExecutionRunId: string }> {
  const workflowId = makeWorkflowId(input.mode, input.estate);
  try {
    return await within(temporal, answerWithin, () =>
      temporal.workflow.start(procedure, {
        workflowId,
        taskQueue: taskQueueOf(input.estate),
        args: [input],
        ...introduction(procedure, input),
        workflowTaskTimeout,
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw asDrError(error, workflowId);
    await within(temporal, answerWithin, () => mustBeOurs(temporal, { workflowId, type: procedure, estate: input.estate })).catch((unasked: unknown) => {
      throw asDrError(unasked, workflowId);
    });
    throw new DrError('already-running', `The run ${workflowId} is open and holds the estate. Nothing was started.`, {
      hint: `Look at it: dr status --run ${workflowId}`,
      runId: workflowId,
      cause: error,
    });
  }
}

/** A read-only workflow, started or joined, and its result. */
export async function execute<T>(temporal: Client, type: string, workflowId: string, input: { readonly estate: string }): Promise<T> {
  await requireWorker(temporal, input.estate, 'Nothing was started.');
  try {
    const handle = await temporal.workflow.start(type, {
      workflowId,
      taskQueue: taskQueueOf(input.estate),
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    // It may have joined one that was there.
    await within(temporal, answerWithin, () => mustBeOurs(temporal, { workflowId, type, estate: input.estate }));
    return await within(temporal, readOnlyWithin, () => handle.result() as Promise<T>);
  } catch (error) {
    if (error instanceof WorkflowFailedError) throw refusal(workflowId, error);
    throw asDrError(error, workflowId);
  }
}

/** A run accepts its input by taking a plan, and refuses it by failing. */
export async function untilAccepted(temporal: Client, handle: WorkflowHandle): Promise<void> {
  const deadline = Date.now() + acceptWithin;
  while (Date.now() < deadline) {
    const { status } = await within(temporal, answerWithin, () => handle.describe());
    if (isOver(status.name)) {
      await resultOf(handle);
      return;
    }
    if (await hasPlan(temporal, handle)) return;
    await delay(lookEvery);
  }
  throw noWorker(taskQueueOf(estateOf(handle.workflowId) ?? ''), `The run ${handle.workflowId} is started and begins as soon as one does.`, handle.workflowId);
}

async function hasPlan(temporal: Client, handle: WorkflowHandle): Promise<boolean> {
  try {
    return (await within(temporal, answerWithin, () => handle.query(planQuery))) !== null;
  } catch {
    return false; // no worker has it yet: the caller looks again until its deadline
  }
}

/** The report of a run that has ended, or the error of one that left none. */
export async function resultOf(handle: WorkflowHandle): Promise<Report> {
  try {
    return inOurWords((await handle.result()) as Report);
  } catch (error) {
    if (error instanceof WorkflowFailedError) throw refusal(handle.workflowId, error);
    throw asDrError(error, handle.workflowId);
  }
}

/** What Temporal UI shows about a run from its start on, beside what the run itself keeps up to date. */
type Introduction = Pick<WorkflowStartOptions, 'staticSummary' | 'staticDetails'>;

function introduction<Name extends ProcedureName>(procedure: Name, input: StartInputs[Name]): Introduction {
  const { placesOf, aim } = starts[procedure];
  const { toDo } = aim(input.estate, placesOf(input));
  return {
    staticSummary: input.mode === 'live' ? `${toDo.charAt(0).toUpperCase()}${toDo.slice(1)}` : `${input.mode}: ${toDo}`,
    staticDetails: `Started by ${input.startedBy}. The question, the clock and a vote to copy stand under **Current Details**.`,
  };
}

function refusal(runId: string, error: WorkflowFailedError): DrError {
  const cause = deepest(error);
  const kind = cause.name === 'TerminatedFailure' || cause.name === 'CancelledFailure' ? 'ended' : 'refused';
  return new DrError(kind, cause.message, { hint: `What it changed, if anything: dr status --run ${runId}`, runId, cause: error });
}

/** What a failure of Temporal's comes from in the end. */
export function deepest(error: Error): Error {
  let current = error;
  while (current.cause instanceof Error) current = current.cause;
  return current;
}
