/** What a failure in a workflow is, and what it says to people. */
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import { type FailureText, sentencesOf, withoutHint } from '../../plan/rules/sentences.ts';
import { isChange } from '../wire/changes.ts';

/** The catalogue's error type of a failed activity. */
export function errorType(error: unknown): string | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

/** The estate is another run's, or never was this one's: nothing that this run asks for is done any more, and no question helps. */
export function holdsNothing(error: unknown): boolean {
  return ['stale-epoch', 'no-lock'].includes(errorType(error) ?? '');
}

/** The end of a run that holds nothing, for people. */
export function whyNothingIsHeld(error: unknown): string {
  const why = errorType(error) === 'no-lock' ? 'This run may change nothing' : 'This run no longer holds the estate';
  return `${why}, so it ends, and what it has done stays as it is. Its last call was refused: ${withoutHint(describe(error))} HINT: dr status shows the run that holds the estate; a new run goes on from what it finds.`;
}

/** What a workflow itself cannot let pass: `permanent` until people fix it, `refused` when a guard says no, `transient` when all that stands against it may heal. */
export function failure(type: 'permanent' | 'refused' | 'transient', text: FailureText): ApplicationFailure {
  return ApplicationFailure.nonRetryable(sentencesOf(text), type);
}

/** The sentence of an error that helps people: an activity's own words, not the SDK's wrapping. */
export function describe(error: unknown): string {
  if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure) return outOfTime(error.activityType, error.cause);
  if (error instanceof ActivityFailure && error.cause instanceof Error) return error.cause.message;
  return error instanceof Error ? error.message : String(error);
}

/** Failures of activities are for people to decide on; anything else is a fault in the code and must fail the workflow task. */
export function isTechnical(error: unknown): boolean {
  return error instanceof ActivityFailure || error instanceof ApplicationFailure || error instanceof CancelledFailure;
}

/** Either its last try failed and says why, or nobody answered for it: then a worker is missing or was lost. */
function outOfTime(activity: string, timeout: TimeoutFailure): string {
  const effect = isChange(activity) ? '; it may have taken effect, and a repeat looks at that first' : '';
  const last = timeout.failure?.cause?.message;
  return `${activity} did not end in time${effect}. ${last ? `Its last try: ${last}` : 'HINT: See that a worker runs; where people are asked, choose retry.'}`;
}
