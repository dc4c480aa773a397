/**
 * Goal: a run that was given up cannot change anything any more, whenever its worker comes back. Method: a worker frozen right before it would route, a newer run
 * that completes, the worker let go again; then the calls it would have made, made by its own drivers.
 */
import type { WorkflowService } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { decideUntilEnd } from '../../lab/orchestrator/recovery.ts';
import type { Background } from '../../lab/orchestrator/programs.ts';
import { taskQueue } from '../../workflows/ids.ts';
import { statusQuery, stopSignal } from '../../workflows/messages.ts';
import { until } from '../support/until.ts';
import { type Drivers, openDrivers, readTraces } from './drivers.ts';
import { approve, expectOneWriterAtATime, failed, Scenarios, target, third } from './support.ts';

let scenarios: Scenarios;
let drivers: Drivers;
let frozen: Background | undefined;
const minutes = 60_000;

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

/** Starts a run, holds it by the stop switch before the step `before`, freezes its worker and terminates it. `during` is a step that comes right before. */
async function giveUpBefore(before: string, during: string): Promise<{ execution: string; epoch: number }> {
  await scenarios.start();
  const run = scenarios.run();
  const status = () => run.query(statusQuery);
  const decided = decideUntilEnd(scenarios.stack, approve);
  await until(`${during} has begun`, async () => ((await status()).steps.some((step) => step.id === during) ? true : undefined), 90);
  await run.signal(stopSignal, { who: 'jane-smith', reason: `hold before ${before}` });
  const held = await until(
    `the run is held before ${before}`,
    async () => {
      const now = await status();
      return now.timeline.at(-1)?.text.startsWith('Held before') && now.steps.every((step) => step.result !== 'running') ? now : undefined;
    },
    60,
  );
  expect(held.pendingSteps).toContain(before);
  const { runId: execution } = await run.describe();
  frozen = scenarios.stack.worker;
  frozen.signal('SIGSTOP');
  await run.terminate('its worker does not answer');
  await decided;
  return { execution, epoch: held.epoch };
}

/** When a worker polls again after a moment, it has taken up its work and has told Temporal what it had left. */
async function polling(worker: Background, since: number): Promise<void> {
  const { workflowService } = scenarios.run().client.connection as unknown as { readonly workflowService: WorkflowService };
  await until(
    'the worker polls again',
    async () => {
      const { pollers } = await workflowService.describeTaskQueue({ namespace: 'default', taskQueue: { name: taskQueue }, taskQueueType: 1 });
      return pollers?.some((poller) => poller.identity?.startsWith(`${worker.pid}@`) && Number(poller.lastAccessTime?.seconds ?? 0) * 1000 > since)
        ? true
        : undefined;
    },
    150,
  );
}

it.each([
  { before: 'promote-database', during: 'catch-up-database' },
  { before: 'route-traffic', during: 'start-services' },
])('a worker frozen before $before changes nothing once a newer run has finished', { timeout: 6 * minutes }, async ({ before, during }) => {
  const since = new Date().toISOString();
  await scenarios.stack.lab('kill', failed);
  const older = await giveUpBefore(before, during);

  await scenarios.stack.startWorker();
  await scenarios.start();
  await decideUntilEnd(scenarios.stack, approve);
  const { report, figures } = await scenarios.settle(since);
  expect(report.outcome, report.summary).toBe('recovered');
  expect(figures.missing.writes).toEqual([]);
  expectOneWriterAtATime(figures);

  const traces = await readTraces(scenarios, drivers);
  expect(traces.agents.join()).not.toContain(older.execution);
  const continuedAt = Date.now();
  frozen?.signal('SIGCONT');
  await polling(frozen as Background, continuedAt);
  expect(await readTraces(scenarios, drivers)).toEqual(traces);

  const run = drivers.context(older.epoch, older.execution);
  const stale = { type: 'stale-epoch', message: expect.stringContaining('this run holds') as string };
  await expect(drivers.activities.throwSwitch({ run, from: failed, to: target, switchSites: [target, third] })).rejects.toMatchObject(stale);
  await expect(drivers.activities.promoteDatabase({ run, site: third })).rejects.toMatchObject(stale);
  await expect(drivers.activities.changeRecord({ run, to: third })).rejects.toMatchObject(stale);
  expect(await readTraces(scenarios, drivers)).toEqual(traces);
});
