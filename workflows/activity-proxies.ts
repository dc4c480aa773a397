/** One proxy per retry policy, each with its reason. Bounds come from the plan's steps. */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { ChangeName } from './changes.ts';
import { Unreadable } from './payload-converter.ts';

export type Reads = Omit<Activities, ChangeName>;
export type Changes = Pick<Activities, ChangeName>;

/** What a step works with: both proxies, bounded by the step and carrying its name for Temporal UI. */
export interface StepTools {
  readonly read: Reads;
  readonly change: Changes;
}

/** What a step knows of its own time, and can say while it waits. */
export interface Pace {
  /** What is left of the step's bound, seconds. */
  secondsLeft(): number;
  /** Says what the step waits for, in its row of the details and of `dr status`; what it finds in the end takes its place. */
  tell(what: string): void;
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

/** The tools of a step that begins now: whatever it calls, one thing after another, all of it together stays within the bound. */
export function toolsFor(summary: string, boundSeconds: number, { beforeChange, answered = nothing, tell = nothing }: StepHooks = {}): StepTools & Pace {
  let deadline = Date.now() + boundSeconds * 1000;
  const secondsLeft = () => (deadline - Date.now()) / 1000;
  const left = () => {
    const bound = `${Math.max(1, Math.ceil(secondsLeft()))} seconds` as const;
    return { summary, scheduleToCloseTimeout: bound, startToCloseTimeout: bound, heartbeatTimeout };
  };
  const reads = () =>
    proxyActivities<Reads>({
      ...left(),
      // A read harms nothing: repeat it quickly until the step's bound is reached.
      retry: { initialInterval: '200 milliseconds', backoffCoefficient: 1.5, maximumInterval: '5 seconds' },
      cancellationType: ActivityCancellationType.TRY_CANCEL,
    });
  const changes = () =>
    proxyActivities<Changes>({
      ...left(),
      // Every change reads the state first, so that a repeat finds its own effect; but after five tries people should look.
      retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '5 seconds', maximumAttempts: 5 },
      // Let a change that is under way come to its end and tell what it did.
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
  const hold = async () => {
    const since = Date.now();
    await beforeChange?.();
    deadline += Date.now() - since;
  };
  return { read: atEachCall(reads), change: atEachCall(changes, { before: hold, after: answered }), secondsLeft, tell };
}

/** Activities whose options are made when they are called: what is left of the bound is less each time. */
function atEachCall<T extends object>(proxy: () => T, around?: { readonly before: () => Promise<void>; readonly after: (result: unknown) => void }): T {
  return new Proxy({} as T, {
    get:
      (_none, name) =>
      async (...input: readonly unknown[]): Promise<unknown> => {
        await around?.before();
        const result = await (proxy()[name as keyof T] as (...args: readonly unknown[]) => Promise<unknown>)(...input);
        mustBeReadable(name, result);
        around?.after(result);
        return result;
      },
  });
}

/** The answer of an activity is a worker's of ours: one that cannot be read is a fault to be mended, and fails the workflow task until it is. */
function mustBeReadable(activity: string | symbol, result: unknown): void {
  if (result instanceof Unreadable)
    throw new Error(`The answer of ${String(activity)} cannot be read: ${result.why}. A worker of this queue encodes otherwise.`);
}
