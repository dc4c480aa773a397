/**
 * The Temporal server's clock, as a worker knows it. All times of a run are by it, so that a worker whose own clock is wrong, or is set while it works, tells no wrong times: the workflow's are the server's anyway, and
 * times of two clocks in one report contradict each other.
 */
import type { Info } from '@temporalio/activity';
import type { Client } from '@temporalio/client';

/** A task that comes within this time after it was given out shows that both clocks agree, as closely as can be told from one task. */
const soonMilliseconds = 1_000;
/** Between two machines that keep their clocks by NTP, and the way of a task: what is less is no difference. */
const agreeMilliseconds = 250;
const answerMilliseconds = 2_000;
/** Old enough to outlast a busy minute, and not so old that two clocks have drifted apart. */
const rememberedMilliseconds = 600_000;
const rememberedMax = 50;

export interface ServerClock {
  now(): Date;
  /** By how much the worker's own clock is ahead of the server's, seconds; negative when it is behind, null before the first task. */
  aheadSeconds(): number | null;
  /** Looks at a task that has just come. Never rejects: without an answer the clock goes on as it was. */
  saw(task: TaskTimes): Promise<void>;
}

/** What a task says of its own times. */
export type TaskTimes = Pick<Info, 'currentAttemptScheduledTimestampMs' | 'activityId' | 'workflowExecution'>;

/** When the server gave a task to this worker, by the server's clock in milliseconds; null when it does not say. */
export type AskWhenStarted = (task: TaskTimes) => Promise<number | null>;

/** The worker's own two clocks, in milliseconds: of the day, which people and NTP set, and one that only goes on. */
export interface OwnClocks {
  ofDay(): number;
  steady(): number;
}

const processClocks: OwnClocks = { ofDay: () => Date.now(), steady: () => performance.now() };

export function createServerClock(askWhenStarted: AskWhenStarted, own: OwnClocks = processClocks): ServerClock {
  /** The server's time less the steady clock's, by the tasks of late. Each is too small by what the task took to come here, so the largest counts. */
  let seen: { readonly at: number; readonly offset: number }[] = [];
  const now = () => (seen.length === 0 ? own.ofDay() : own.steady() + Math.max(...seen.map(({ offset }) => offset)));
  const learn = (server: number, steady: number): void => {
    seen = [...seen.filter(({ at }) => steady - at < rememberedMilliseconds).slice(1 - rememberedMax), { at: steady, offset: server - steady }];
  };
  return {
    now: () => new Date(now()),
    // By the day's clock as it is now: it may have been set since the last task.
    aheadSeconds: () => (seen.length === 0 ? null : Math.round((own.ofDay() - now()) / 100) / 10),
    async saw(task) {
      const [ofDay, steady] = [own.ofDay(), own.steady()];
      const late = ofDay - task.currentAttemptScheduledTimestampMs;
      if (late > -agreeMilliseconds && late < soonMilliseconds) return learn(ofDay, steady);
      const started = await askWhenStarted(task);
      if (started !== null) learn(started, steady);
    },
  };
}

/** Asks the server about the pending activity of a workflow. */
export function askWhenStarted(client: Client): AskWhenStarted {
  return async ({ workflowExecution, activityId }) => {
    if (!workflowExecution) return null;
    try {
      const { pendingActivities } = await client.withDeadline(Date.now() + answerMilliseconds, () =>
        client.workflowService.describeWorkflowExecution({ namespace: client.options.namespace, execution: workflowExecution }),
      );
      const time = pendingActivities?.find((activity) => activity.activityId === activityId)?.lastStartedTime;
      return time ? Number(time.seconds ?? 0) * 1000 + Number(time.nanos ?? 0) / 1e6 : null;
    } catch {
      return null;
    }
  };
}
