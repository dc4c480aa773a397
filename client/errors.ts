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

/** What to do where no worker answers; `release`: the only one that would do, or null. */
export function startAWorker(release: string | null = null): string {
  // A bundle that is made anew elsewhere may be another release.
  const one = release === null ? 'one' : `one of release ${release}, with the dist/ or the image of that release,`;
  return `Start ${one} where the estate can be reached: DR_PLAN=<plan folder> DR_WORKFLOW_BUNDLE=dist/workflow-bundle.js node dist/workers/main.js`;
}

export function noWorker(queue: string, left: string, runId?: string): DrError {
  return new DrError('no-worker', `No worker takes work from the queue ${queue}. ${left}`, {
    hint: startAWorker(),
    ...(runId === undefined ? {} : { runId }),
  });
}

interface MissingRelease {
  /** The release that is wanted; null: none is current. */
  readonly release: string | null;
  /** What workers poll for; null: one without a release. */
  readonly polled: readonly (string | null)[];
  /** A run that goes on under this release alone, not a start. */
  readonly bound: boolean;
}

/** There are workers, and none of the release that would take it. */
export function noWorkerOfRelease(queue: string, { release, polled, bound }: MissingRelease, left: string, runId?: string): DrError {
  const others = polled.filter((each) => each !== null);
  const there = others.length === 0 ? '' : ` There is a worker of ${others.join(', ')}.`;
  const which =
    release === null
      ? `No release is current at the queue ${queue}, and nothing new begins.`
      : `No worker of release ${release} takes work from the queue ${queue}.`;
  const why = bound ? ' The run goes on under that release alone.' : '';
  const use = others[0] === undefined ? startAWorker() : `A worker that is there takes over within two minutes; at once by: dr release use ${others[0]}`;
  return new DrError('no-worker', `${which}${why}${there} ${left}`, {
    hint: bound ? startAWorker(release) : use,
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
