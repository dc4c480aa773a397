/** One proxy per retry policy, each with its reason. Bounds come from the plan's steps. */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Changes, Reads } from '../../activities/index.ts';
import { StepTime } from './step-time.ts';
import { changeMayHeal, type Pace, readMayHeal, untilBound } from './until-bound.ts';
import { Unreadable } from '../wire/payload-converter.ts';

/** What a step that only looks works with: proxies that are bounded by the step and carry its name for Temporal UI. */
export interface LookTools extends Pace {
  readonly read: Reads;
}

/** What a step that changes something works with. */
export interface StepTools extends LookTools {
  /** What is transient is tried again until the step's bound. */
  readonly change: Changes;
  /** For a step that has another way, or enough without this one: a few quick tries, and no waiting. */
  readonly changeOnce: Changes;
  /** Repeats work that uses `changeOnce` while its failures are transient, until the step's bound; `name` for people. */
  patiently<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Waits for people as `released` does; the time that it takes does not count. */
  hold(released: () => Promise<unknown>): Promise<void>;
}

/** Longest time in which a running activity may stay silent before Temporal gives it to another worker. */
const heartbeatTimeout = '5 seconds' as const;

/** What a step or an undo of a run adds to its tools. */
export interface StepHooks {
  /** Awaited before each change; the time that it takes does not count. */
  readonly beforeChange?: () => Promise<void>;
  /** Told what each change has answered. */
  readonly answered?: (result: unknown) => void;
  readonly tell?: (what: string) => void;
}

const nothing = () => undefined;

const quickly = { initialInterval: '200 milliseconds', maximumInterval: '5 seconds' } as const;
/** A change that fails in a way that nobody has foreseen is for people after so many tries. */
const fewTries = { maximumAttempts: 5 };
const oneTry = { maximumAttempts: 1 };

/** The tools of a step that begins now: whatever it calls, one thing after another, all of it together stays within the bound. */
export function toolsFor(summary: string, boundSeconds: number, { beforeChange, answered = nothing, tell }: StepHooks = {}): StepTools {
  const time = new StepTime(boundSeconds);
  const left = () => {
    const bound = `${Math.max(1, Math.ceil(time.secondsLeft()))} seconds` as const;
    return { summary, scheduleToCloseTimeout: bound, startToCloseTimeout: bound, heartbeatTimeout };
  };
  const reads = (tries: object) =>
    proxyActivities<Reads>({ ...left(), retry: { ...quickly, backoffCoefficient: 1.5, ...tries }, cancellationType: ActivityCancellationType.TRY_CANCEL });
  const changes = (tries: object) =>
    proxyActivities<Changes>({
      ...left(),
      retry: { ...quickly, backoffCoefficient: 2, ...tries },
      // Let a change that is under way come to its end and tell what it did.
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
  const changeWith = async (tries: object, name: string, input: Input): Promise<unknown> => {
    if (beforeChange) await time.hold(beforeChange);
    const result = await ask(changes(tries), name, input);
    answered(result);
    return result;
  };
  const pace: Pace = { secondsLeft: () => time.secondsLeft(), tell: tell ?? nothing };
  return {
    // Where nobody is told anything, Temporal repeats alone: a look that lasts for days leaves no history.
    read: callsOf<Reads>((name, input) =>
      tell ? untilBound(name, pace, readMayHeal, (first) => ask(reads(first ? fewTries : oneTry), name, input)) : ask(reads({}), name, input),
    ),
    change: callsOf<Changes>((name, input) => untilBound(name, pace, changeMayHeal, (first) => changeWith(first ? fewTries : oneTry, name, input))),
    changeOnce: callsOf<Changes>((name, input) => changeWith(fewTries, name, input)),
    patiently: (name, work) => untilBound(name, pace, changeMayHeal, work),
    hold: (released) => time.hold(released),
    ...pace,
  };
}

type Input = readonly unknown[];

/** Activities whose options are made when they are called: what is left of the bound is less each time. */
function callsOf<T extends object>(call: (name: string, input: Input) => Promise<unknown>): T {
  return new Proxy({} as T, {
    get:
      (_none, name) =>
      (...input: Input) =>
        call(String(name), input),
  });
}

async function ask<T extends object>(activities: T, name: string, input: Input): Promise<unknown> {
  const result = await (activities[name as keyof T] as (...args: Input) => Promise<unknown>)(...input);
  mustBeReadable(name, result);
  return result;
}

/** The answer of an activity is a worker's of ours: one that cannot be read is a fault to be mended, and fails the workflow task until it is. */
function mustBeReadable(activity: string, result: unknown): void {
  if (result instanceof Unreadable) throw new Error(`The answer of ${activity} cannot be read: ${result.why}. A worker of this queue encodes otherwise.`);
}
