/** The task that an activity carries out: kept by a sign of life, and lost to another worker without one. */
import { Context } from '@temporalio/activity';
import { failure } from './errors.ts';

/** How often a task is kept. The worker passes each sign on to the server, so that this is also the longest time by which the server hears it late. */
export const beatMilliseconds = 1_000;

/** More tries than any activity makes that changes something. */
const triesMax = 1_000;

/** A moment by both clocks of the process, milliseconds: one that people may set, and one that stands still while the machine sleeps. */
interface Moment {
  readonly ofDay: number;
  readonly steady: number;
}

const moment = (): Moment => ({ ofDay: Date.now(), steady: performance.now() });

interface Hold {
  lastBeat: Moment;
  lost: boolean;
}

const holds = new WeakMap<Context, Hold>();

/** The context of the activity under way; undefined outside a worker, in a test or in a command that only reads. */
export function currentContext(): Context | undefined {
  try {
    return Context.current();
  } catch {
    return undefined;
  }
}

/** Keeps the task until the function is called that this gives. One that was lost stays lost, however soon the worker wakes. */
export function keepTask(context: Context): () => void {
  const hold: Hold = { lastBeat: moment(), lost: false };
  holds.set(context, hold);
  const timer = setInterval(() => {
    hold.lost ||= silentTooLong(context, hold);
    hold.lastBeat = moment();
    context.heartbeat();
  }, beatMilliseconds);
  return () => clearInterval(timer);
}

/**
 * Asked right before each change. A worker that was frozen, starved or asleep may find that another has done its task meanwhile, and that the run has ended or was taken
 * back: what it still has in hand must not be done then. A `transient` failure: where the task is its own after all, the server gives it out again.
 */
export function mustHoldTask(): void {
  const context = currentContext();
  const hold = context && holds.get(context);
  if (!hold) return;
  const { notFound, timedOut } = context.cancellationDetails ?? {};
  hold.lost ||= silentTooLong(context, hold) || notFound === true || timedOut === true;
  if (hold.lost)
    throw failure('transient', {
      happened: 'This worker was silent for so long that another may have been given its task.',
      leftAs: 'It has changed nothing more.',
    });
}

/**
 * Order of the task under way among those of its workflow, as `WORKFLOW:NUMBER`: a later activity has a higher number, and so has a later try of the same one (unless somebody resets the activity, which begins its tries anew). Whoever
 * keeps the highest it has seen can refuse what a worker sends that froze on its way. Undefined outside a worker.
 */
export function orderOfTask(): string | undefined {
  const info = currentContext()?.info;
  // By the SDK's numbering, in the order in which the workflow asks for them.
  const activity = Number(info?.activityId);
  if (!info?.workflowExecution || !Number.isSafeInteger(activity)) return undefined;
  return `${info.workflowExecution.runId}:${activity * triesMax + Math.min(info.attempt, triesMax - 1)}`;
}

/** Two signs of life before the server's own limit: it hears them late by one, and a change takes its time. */
function silentTooLong({ info }: Context, { lastBeat }: Hold): boolean {
  const limit = (info.heartbeatTimeoutMs ?? Infinity) - 2 * beatMilliseconds;
  const now = moment();
  return Math.max(now.ofDay - lastBeat.ofDay, now.steady - lastBeat.steady) > limit;
}
