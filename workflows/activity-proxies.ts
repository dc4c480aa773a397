/** One proxy per retry policy, each with its reason. Bounds come from the plan's steps. */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { ChangeName } from './changes.ts';

export type Reads = Omit<Activities, ChangeName>;
export type Changes = Pick<Activities, ChangeName>;

/** What a step works with: both proxies, bounded by the step and carrying its name for Temporal UI. */
export interface StepTools {
  readonly read: Reads;
  readonly change: Changes;
}

/** Longest time in which a running activity may stay silent before Temporal gives it to another worker. */
const heartbeatTimeout = '5 seconds' as const;

/** The tools of a step that begins now: whatever it calls, one thing after another, all of it together stays within the bound. */
export function toolsFor(summary: string, boundSeconds: number): StepTools {
  const deadline = Date.now() + boundSeconds * 1000;
  const left = () => {
    const bound = `${Math.max(1, Math.ceil((deadline - Date.now()) / 1000))} seconds` as const;
    return { summary, scheduleToCloseTimeout: bound, startToCloseTimeout: bound, heartbeatTimeout };
  };
  return {
    get read() {
      return proxyActivities<Reads>({
        ...left(),
        // A read harms nothing: repeat it quickly until the step's bound is reached.
        retry: { initialInterval: '200 milliseconds', backoffCoefficient: 1.5, maximumInterval: '5 seconds' },
        cancellationType: ActivityCancellationType.TRY_CANCEL,
      });
    },
    get change() {
      return proxyActivities<Changes>({
        ...left(),
        // Every change reads the state first, so that a repeat finds its own effect; but after five tries people should look.
        retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '5 seconds', maximumAttempts: 5 },
        // Let a change that is under way come to its end and tell what it did.
        cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      });
    },
  };
}
