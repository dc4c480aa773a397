/** What is transient is tried again until the step's bound, and the step says so meanwhile. */
import { ActivityFailure, ApplicationFailure, sleep, TimeoutFailure } from '@temporalio/workflow';
import { clockTime } from '../../plan/durations.ts';
import { withoutHint } from '../../plan/rules/sentences.ts';
import { describe, errorType } from './failures.ts';

/** What a step knows of its own time, and can say while it waits. */
export interface Pace {
  /** What is left of the step's bound, seconds. */
  secondsLeft(): number;
  /** Says what the step waits for, in its row of the details and of `dr status`; what it finds in the end takes its place. */
  tell(what: string): void;
}

/** Pause before the first repeat, and the longest of the first minutes, milliseconds; each is up to half longer or shorter, so that runs and branches do not ask in step. */
const firstPause = 2_000;
const longestPause = 10_000;
/** A try that could not end any more is not begun, seconds. */
const roomForATry = 1;

/**
 * Repeats `work` until it succeeds, fails for good, or the step's bound is over. The first `work` of a change is five quick tries by Temporal, each later one a single try.
 *
 * The law stands here and not in Temporal's retry policy: what the server repeats by itself a workflow does not see, so that nobody could be told, no stop would hold it, and a
 * fault of our own would be repeated like a silence. Each repeat is a task of its own, with a higher number than the one before (activities/task.ts), so agents refuse what comes late of it.
 */
export async function untilBound<T>(name: string, pace: Pace, mayHeal: (error: unknown) => boolean, work: (first: boolean) => Promise<T>): Promise<T> {
  const since = Date.now();
  const last = clockTime(new Date(since + pace.secondsLeft() * 1000).toISOString());
  for (let tries = 1, pause = firstPause; ; tries += 1, pause = Math.min(2 * pause, longestPauseAfter(Date.now() - since))) {
    try {
      const result = await work(tries === 1);
      if (tries > 1) pace.tell(`${name} worked after ${secondsSince(since)} s`);
      return result;
    } catch (error) {
      const room = (pace.secondsLeft() - roomForATry) * 1000;
      if (!mayHeal(error) || room <= 0) throw error;
      const wait = Math.round(Math.min(pause * (0.5 + Math.random()), room));
      pace.tell(`${name} is tried again, for ${secondsSince(since)} s so far and until ${last} at the latest: ${withoutHint(describe(error))}`);
      await sleep(wait, { summary: `Try ${name} again` });
    }
  }
}

/** The longer it lasts, the more seldom: a bound may be a day, and each try costs some events of a history that has an end. */
function longestPauseAfter(milliseconds: number): number {
  return Math.max(longestPause, milliseconds / 20);
}

function secondsSince(since: number): number {
  return Math.round((Date.now() - since) / 1000);
}

/** A change is repeated after what its activity calls transient, and after the silence of a worker: each reads the state first, and so finds its own effect. */
export function changeMayHeal(error: unknown): boolean {
  return errorType(error) === 'transient' || workerWasLost(error);
}

/** A read harms nothing: it is repeated unless a repeat can only find the same. */
export function readMayHeal(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return workerWasLost(error) || (cause instanceof ApplicationFailure && cause.nonRetryable !== true);
}

function workerWasLost(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure && error.cause.timeoutType === 'HEARTBEAT';
}
