/**
 * Goal: a run that was given up cannot change anything any more, whenever its worker comes back. Method: a worker frozen while it throws the switch, its run terminated, a
 * newer run that completes, the worker let go again: the write that it had begun changes nothing; then the other calls it could have made, made by its own drivers.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporal } from '@temporalio/proto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { decideUntilEnd } from '../../lab/orchestrator/recovery.ts';
import type { Background } from '../../lab/orchestrator/programs.ts';
import { resumeSignal, statusQuery, stopSignal } from '../../workflows/wire/messages.ts';
import { until } from '../support/until.ts';
import { type Drivers, openDrivers, readTraces } from './drivers.ts';
import { approve, expectOneWriterAtATime, failed, Scenarios, target, third } from './support.ts';

let scenarios: Scenarios;
let drivers: Drivers;
let frozen: Background | undefined;
const minutes = 60_000;
/** Each way between the orchestrator and a site, so that what a worker sends is under way when it is frozen. */
const slowMilliseconds = 3_000;
const started = temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_STARTED;

beforeAll(async () => {
  scenarios = await Scenarios.start('stale-worker');
  drivers = await openDrivers(scenarios.stack.plan);
}, 5 * minutes);
afterAll(async () => {
  await drivers?.close();
  await scenarios?.stop();
}, minutes);
afterEach(async () => {
  await frozen?.stop();
  frozen = undefined;
  if (scenarios.stack.worker.ended()) await scenarios.stack.startWorker();
}, minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

/** Holds a run before it routes, then freezes its worker while the first write of the route is under way on a line that takes seconds, and terminates the run. */
async function giveUpWhileRouting(): Promise<{ execution: string; epoch: number }> {
  // The stop must come before the route: a service that takes its time leaves the time for it.
  await scenarios.control('fault/inject', { name: 'slow-start', site: target });
  await scenarios.start();
  const run = scenarios.run();
  const status = () => run.query(statusQuery);
  const decided = decideUntilEnd(scenarios.stack, approve);
  await until('the service is being started', async () => ((await status()).steps.some((step) => step.id === 'start-services') ? true : undefined), 90);
  await run.signal(stopSignal, { who: 'jane-smith', reason: 'hold before the route' });
  const held = await until(
    'the run is held before the route',
    async () => {
      const now = await status();
      return now.timeline.at(-1)?.text.startsWith('Held before') && now.steps.every((step) => step.result !== 'running') ? now : undefined;
    },
    60,
  );
  expect(held.pendingSteps).toContain('route-traffic');
  for (const site of [target, third]) await scenarios.control('slow', { site, only: ['orchestrator'], ms: slowMilliseconds });
  await run.signal(resumeSignal, { who: 'jane-smith', reason: 'go on' });
  await until('the switch is being thrown', async () => {
    const { raw } = await run.describe();
    return raw.pendingActivities?.some((activity) => activity.activityType?.name === 'throwSwitch' && activity.state === started) ? true : undefined;
  });
  const { runId: execution } = await run.describe();
  frozen = scenarios.stack.worker;
  frozen.signal('SIGSTOP');
  await run.terminate('its worker does not answer');
  await decided;
  for (const site of [target, third]) await scenarios.control('heal', { site });
  return { execution, epoch: held.epoch };
}

/** What the workers of this stack have logged. */
async function logged(): Promise<string> {
  const { folder } = scenarios.stack.options;
  const logs = (await readdir(folder)).filter((name) => name.startsWith('worker-'));
  return (await Promise.all(logs.map((name) => readFile(join(folder, name), 'utf8')))).join('\n');
}

it('a worker that is frozen while it routes changes nothing when it goes on after a newer run, and is refused', { timeout: 5 * minutes }, async () => {
  const since = new Date().toISOString();
  await scenarios.stack.lab('kill', failed);
  const older = await giveUpWhileRouting();

  await scenarios.stack.startWorker();
  await scenarios.start();
  await decideUntilEnd(scenarios.stack, approve);
  const { report, figures } = await scenarios.settle(since);
  expect(report.outcome, report.summary).toBe('recovered');
  expect(report.timeline.map((entry) => entry.text).join(' ')).toContain(`has promoted ${target} already`);
  expect(figures.missing.writes).toEqual([]);
  expectOneWriterAtATime(figures);

  const traces = await readTraces(scenarios, drivers);
  expect(traces.agents.join()).not.toContain(older.execution);
  frozen?.signal('SIGCONT');
  await until(
    'the write that it had begun has failed',
    async () => (/"activityType":"throwSwitch".*Activity failed/.test(await logged()) ? true : undefined),
    60,
  );
  expect(await readTraces(scenarios, drivers)).toEqual(traces);

  const run = drivers.context(older.epoch, older.execution);
  const stale = { type: 'stale-epoch', message: expect.stringContaining('this run holds') as string };
  await expect(drivers.activities.throwSwitch({ run, from: failed, to: target, switchSites: [target, third] })).rejects.toMatchObject(stale);
  await expect(drivers.activities.promoteDatabase({ run, site: third })).rejects.toMatchObject(stale);
  await expect(drivers.activities.changeRecord({ run, to: third })).rejects.toMatchObject(stale);
  await expect(drivers.activities.shareRecord({ run, to: third, percent: 10 })).rejects.toMatchObject(stale);
  expect(await readTraces(scenarios, drivers)).toEqual(traces);
});
