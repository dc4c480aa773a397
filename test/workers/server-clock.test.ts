/** Goal: times are the server's, whatever becomes of the worker's own clock. Method: a clock of the day that is set by hand, one that only goes on, and tasks of a server that knows better. */
import { beforeEach, expect, test } from 'vitest';
import { createServerClock, type ServerClock } from '../../workers/server-clock.ts';

const day = 86_400_000;
/** The server's time at the beginning, and what has passed since. */
const begin = Date.parse('2026-05-04T13:00:00Z');
let passed: number;
/** By how much the worker's clock is ahead. */
let ahead: number;
let asked: number;
let reachable: boolean;
/** How long the worker takes to look at a task that it was given. */
let busy: number;
let clock: ServerClock;

beforeEach(() => {
  [passed, ahead, asked, reachable, busy] = [0, 0, 0, true, 0];
  const whenStarted = async () => {
    asked += 1;
    return reachable ? begin + passed - busy : null;
  };
  clock = createServerClock(whenStarted, { ofDay: () => begin + passed + ahead, steady: () => 5_000 + passed });
});

/** A task that waited at the server for so long before it came here. */
const task = (waited = 20) => clock.saw({ currentAttemptScheduledTimestampMs: begin + passed - waited, activityId: '1' });
const error = () => clock.now().getTime() - (begin + passed);

test('of two clocks that agree the worker´s is taken, and nobody is asked', async () => {
  expect(clock.aheadSeconds()).toBeNull();
  await task();
  expect([error(), clock.aheadSeconds(), asked]).toEqual([0, 0, 0]);
});

test.each([
  ['a day ahead', day],
  ['ten minutes behind', -600_000],
  ['three seconds ahead', 3_000],
])('a worker´s clock that is %s tells the server´s time', async (_name, by) => {
  ahead = by;
  await task();
  passed += 60_000;
  expect([error(), clock.aheadSeconds()]).toEqual([0, by / 1000]);
});

test('a clock that is set between two tasks changes no time, and is told at once', async () => {
  await task();
  passed += 1_000;
  ahead = -600_000;
  expect([error(), clock.aheadSeconds()]).toEqual([0, -600]);
  await task();
  ahead = 0;
  passed += 1_000;
  expect([error(), clock.aheadSeconds()]).toEqual([0, 0]);
});

test('a task that waited long for a worker is no sign of a wrong clock', async () => {
  await task(3_600_000);
  expect([error(), clock.aheadSeconds(), asked]).toEqual([0, 0, 1]);
});

test('a server that does not answer leaves the time as it was known', async () => {
  await task();
  [ahead, reachable] = [day, false];
  passed += 5_000;
  await task();
  expect([error(), clock.aheadSeconds()]).toEqual([0, day / 1000]);
});

test('a worker that is busy when a task comes does not take its clock for wrong for long', async () => {
  busy = 3_000;
  await task(busy);
  expect(clock.aheadSeconds()).toBe(3);
  busy = 0;
  await task();
  expect([error(), clock.aheadSeconds()]).toEqual([0, 0]);
  busy = 3_000;
  await task(busy);
  expect([error(), clock.aheadSeconds()]).toEqual([0, 0]);
});
