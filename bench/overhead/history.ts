/** What a run cost, read from its history. Pure. */
import { defaultPayloadConverter } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';

type HistoryEvent = NonNullable<History['events']>[number];

/** One activity, from when the workflow asked for it until the workflow had taken its answer; milliseconds since 1970. */
export interface ActivityTimes {
  readonly id: string;
  readonly activity: string;
  /** Name of the step that asked for it. */
  readonly step: string;
  readonly scheduledAt: number;
  /** Of the last attempt. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** End of the workflow task that took the answer. */
  readonly takenAt: number;
}

export interface StepCost {
  readonly step: string;
  readonly activities: number;
  /** From its first request to its last answer taken. */
  readonly wallMs: number;
  /** Part of it in which an activity of the step was at work. */
  readonly workMs: number;
  readonly overheadMs: number;
}

export interface RunCost {
  readonly events: number;
  readonly bytes: number;
  readonly eventsByType: ReadonlyMap<string, number>;
  readonly activities: readonly ActivityTimes[];
  readonly steps: readonly StepCost[];
}

/** `bytes` is the server's own figure. */
export function costOf(history: History, bytes: number): RunCost {
  const events = history.events ?? [];
  const activities = activityTimes(events);
  return { events: events.length, bytes, eventsByType: countTypes(events), activities, steps: stepCosts(activities) };
}

export function activityTimes(events: readonly HistoryEvent[]): readonly ActivityTimes[] {
  const startedAt = new Map<string, number>();
  const ended = new Map<string, { readonly at: number; readonly index: number }>();
  events.forEach((event, index) => {
    const started = event.activityTaskStartedEventAttributes;
    if (started) startedAt.set(String(started.scheduledEventId), timeOf(event));
    const end = event.activityTaskCompletedEventAttributes ?? event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
    if (end) ended.set(String(end.scheduledEventId), { at: timeOf(event), index });
  });
  return events.flatMap((event): ActivityTimes[] => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const key = String(event.eventId);
    const [start, end] = [startedAt.get(key), ended.get(key)];
    const taken = end && events.slice(end.index).find((candidate) => candidate.workflowTaskCompletedEventAttributes);
    if (!scheduled || start === undefined || !end || !taken) return [];
    const summary = event.userMetadata?.summary;
    return [
      {
        id: scheduled.activityId ?? '',
        activity: scheduled.activityType?.name ?? '',
        step: summary ? String(defaultPayloadConverter.fromPayload(summary)) : 'no step',
        scheduledAt: timeOf(event),
        startedAt: start,
        endedAt: end.at,
        takenAt: timeOf(taken),
      },
    ];
  });
}

/** Overhead of a step is the time in which it waited for Temporal: none of its activities was at work. */
export function stepCosts(activities: readonly ActivityTimes[]): readonly StepCost[] {
  const names = [...new Set(activities.map(({ step }) => step))];
  return names.map((step) => {
    const own = activities.filter((activity) => activity.step === step);
    const wallMs = Math.max(...own.map(({ takenAt }) => takenAt)) - Math.min(...own.map(({ scheduledAt }) => scheduledAt));
    const workMs = covered(own.map(({ startedAt, endedAt }) => [startedAt, endedAt]));
    return { step, activities: own.length, wallMs, workMs, overheadMs: Math.max(0, wallMs - workMs) };
  });
}

/** From when until when, milliseconds since 1970. */
export type Span = readonly [from: number, to: number];

/** What the workflow waited for by a clock: timers that fired. One that bounds an activity is ended when that answers. */
export function waits(events: readonly HistoryEvent[]): readonly Span[] {
  const started = new Map(events.flatMap((event) => (event.timerStartedEventAttributes ? [[String(event.eventId), timeOf(event)] as const] : [])));
  return events.flatMap((event): Span[] => {
    const from = started.get(String(event.timerFiredEventAttributes?.startedEventId));
    return from === undefined ? [] : [[from, timeOf(event)]];
  });
}

/** Time of a run in which no activity was at work, no timer was waited for, and nobody was asked (`asked`): what the orchestration itself took, milliseconds. */
export function orchestrationMs(events: readonly HistoryEvent[], asked: readonly Span[]): number {
  const [first, last] = [events[0], events.at(-1)];
  if (!first || !last) return 0;
  const [from, to] = [timeOf(first), timeOf(last)];
  const within = ([start, end]: Span): Span => [Math.max(start, from), Math.min(end, to)];
  const worked = activityTimes(events).map(({ startedAt, endedAt }): Span => [startedAt, endedAt]);
  return to - from - covered([...worked, ...waits(events), ...asked].map(within));
}

/** Length of what the spans cover together. */
function covered(spans: readonly Span[]): number {
  let [total, reached] = [0, -Infinity];
  for (const [from, to] of [...spans].sort((one, other) => one[0] - other[0])) {
    total += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return total;
}

function countTypes(events: readonly HistoryEvent[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const event of events) {
    const type =
      Object.keys(event)
        .find((key) => key.endsWith('EventAttributes') && event[key as keyof HistoryEvent])
        ?.replace('EventAttributes', '') ?? 'unknown';
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}

function timeOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + Number(eventTime?.nanos ?? 0) / 1e6;
}
