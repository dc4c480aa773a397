/** The errors of the client: what happened and what to do, with a kind for programs. */
import { isGrpcServiceError, ServiceError, WorkflowNotFoundError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';

/** What can go wrong for a caller, and what it means. */
export const drErrorKinds = {
  'bad-input': 'The request makes no sense; nothing was sent.',
  'no-server': 'Temporal does not answer.',
  'no-worker': 'No worker takes work.',
  'unknown-run': 'There is no such run.',
  'already-running': 'Another run holds the estate.',
  refused: 'The run or its gate said no.',
  ended: 'The run is over.',
} as const;

export type DrErrorKind = keyof typeof drErrorKinds;

export class DrError extends Error {
  readonly kind: DrErrorKind;
  /** What to do next, one sentence. */
  readonly hint: string;
  /** The run that the error is about, where there is one; for `already-running` the open run. */
  readonly runId: string | undefined;

  constructor(kind: DrErrorKind, message: string, options: { readonly hint: string; readonly runId?: string; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'DrError';
    this.kind = kind;
    this.hint = options.hint;
    this.runId = options.runId;
  }
}

const grpcNotFound = 5;

/** Temporal answered that there is no such run, or that it has ended. */
export function isNotFound(error: unknown): boolean {
  return error instanceof WorkflowNotFoundError || grpcCode(error) === grpcNotFound;
}

/** Turns what the SDK throws into a DrError; errors of ours and those that nobody foresaw pass unchanged. */
export function asDrError(error: unknown, runId?: string): unknown {
  if (error instanceof DrError) return error;
  if (isNotFound(error)) return unknownRun(runId ?? 'this id', error);
  if (error instanceof ServiceError || isGrpcServiceError(error) || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return new DrError('no-server', `Temporal did not carry out the request: ${detailOf(error)}.`, {
      hint: 'Check that Temporal runs and that TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE name it, then try again.',
      cause: error,
    });
  }
  return error;
}

export function unknownRun(runId: string, cause?: unknown): DrError {
  return new DrError('unknown-run', `There is no run ${runId}.`, { hint: 'List the runs with: temporal workflow list', runId, cause });
}

/** What to do where no worker answers. */
export const startAWorker = 'Start one where the estate can be reached: DR_PLAN=<plan folder> node dist/workers/main.js';

export function noWorker(queue: string, left: string, runId?: string): DrError {
  return new DrError('no-worker', `No worker takes work from the queue ${queue}. ${left}`, {
    hint: startAWorker,
    ...(runId === undefined ? {} : { runId }),
  });
}

function grpcCode(error: unknown): number | undefined {
  const candidate = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(candidate) ? candidate.code : undefined;
}

function detailOf(error: Error): string {
  const cause = error instanceof ServiceError ? error.cause : error;
  const detail = isGrpcServiceError(cause) ? cause.details : error.message;
  return detail.replace(/\.$/, '');
}
