/** Goal: the benchmarks' figures mean what their tables say. Method: small samples whose answer is known. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { estateName, planOf } from '../../bench/growth/plans.ts';
import { activityTimes, orchestrationMs, stepCosts } from '../../bench/overhead/history.ts';
import { median, percentile, spread } from '../../bench/statistics.ts';
import { loadPlan } from '../../plan/load.ts';
import { servedFunctions } from '../../plan/rules/objectives.ts';

const times = (step: string, scheduledAt: number, startedAt: number, endedAt: number, takenAt: number) => ({
  id: `${step}-${scheduledAt}`,
  activity: 'look',
  step,
  scheduledAt,
  startedAt,
  endedAt,
  takenAt,
});

describe('a step', () => {
  it('has as overhead the time in which none of its activities was at work', () => {
    const serial = [times('serial', 0, 10, 110, 130), times('serial', 130, 140, 240, 260)];
    const parallel = [times('parallel', 0, 10, 110, 130), times('parallel', 0, 20, 60, 130)];
    expect(stepCosts([...serial, ...parallel])).toEqual([
      { step: 'serial', activities: 2, wallMs: 260, workMs: 200, overheadMs: 60 },
      { step: 'parallel', activities: 2, wallMs: 130, workMs: 100, overheadMs: 30 },
    ]);
  });

  it('ends when the workflow has taken the answer, not when the activity ended', () => {
    const at = (milliseconds: number) => ({ eventTime: { seconds: 0, nanos: milliseconds * 1_000_000 } as never });
    const [only] = activityTimes([
      { eventId: 5 as never, ...at(100), activityTaskScheduledEventAttributes: { activityId: '1', activityType: { name: 'look' } } },
      { eventId: 6 as never, ...at(110), activityTaskStartedEventAttributes: { scheduledEventId: 5 as never } },
      { eventId: 7 as never, ...at(150), activityTaskCompletedEventAttributes: { scheduledEventId: 5 as never } },
      { eventId: 8 as never, ...at(151), workflowTaskScheduledEventAttributes: {} },
      { eventId: 9 as never, ...at(170), workflowTaskCompletedEventAttributes: {} },
    ]);
    expect(only).toMatchObject({ activity: 'look', scheduledAt: 100, startedAt: 110, endedAt: 150, takenAt: 170 });
  });
});

describe('a run', () => {
  it('has as orchestration what is neither work, nor a wait, nor a question', () => {
    const at = (eventId: number, milliseconds: number) => ({ eventId: eventId as never, eventTime: { seconds: 0, nanos: milliseconds * 1_000_000 } as never });
    const events = [
      { ...at(1, 0), workflowExecutionStartedEventAttributes: {} },
      { ...at(2, 10), activityTaskScheduledEventAttributes: { activityId: '1', activityType: { name: 'look' } } },
      { ...at(3, 20), activityTaskStartedEventAttributes: { scheduledEventId: 2 as never } },
      { ...at(4, 50), activityTaskCompletedEventAttributes: { scheduledEventId: 2 as never } },
      { ...at(5, 60), workflowTaskCompletedEventAttributes: {} },
      // One that fires, one that is ended, and a question from 200 to 300.
      { ...at(6, 60), timerStartedEventAttributes: { timerId: '1' } },
      { ...at(7, 60), timerStartedEventAttributes: { timerId: '2' } },
      { ...at(8, 100), timerFiredEventAttributes: { timerId: '1', startedEventId: 6 as never } },
      { ...at(9, 110), timerCanceledEventAttributes: { timerId: '2', startedEventId: 7 as never } },
      { ...at(10, 310), workflowExecutionCompletedEventAttributes: {} },
    ];
    expect(orchestrationMs(events, [[200, 300]])).toBe(310 - 30 - 40 - 100);
  });
});

describe('a sample', () => {
  it('is told by its middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9)).toBe(9);
    expect(spread([3, 1, 2], 1)).toBe('2.0 (1.0–3.0)');
  });
});

describe('a grown plan', () => {
  it('serves as many functions and has as many sites as its name says', async () => {
    const { plan } = await loadPlan(fileURLToPath(new URL('../../plan/erlmcp', import.meta.url)));
    for (const [functions, sites] of [
      [5, 2],
      [80, 4],
      [20, 12],
    ] as const) {
      const grown = planOf(plan, estateName({ functions, sites }, 'test', 0));
      expect(servedFunctions(grown)).toHaveLength(functions);
      expect(grown.sites).toHaveLength(sites);
      expect(Object.keys(grown.estate.sites)).toEqual(grown.sites.map(({ id }) => id));
    }
  });
});
