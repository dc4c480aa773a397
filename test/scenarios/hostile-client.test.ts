/**
 * Goal: whoever may do all that clients do at the namespace, and has no vote of a quorum, changes no host, no record and no database. Method: every workflow type, ours and others, started in every way, by a stock
 * client and by somebody's own workflow code on a queue of his own, against a healthy lab; what a run can change is read before and after.
 */
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decideUntilEnd, leftToOthers } from '../../lab/orchestrator/recovery.ts';
import { digestOf } from '../../plan/load.ts';
import { changeNames } from '../../workflows/wire/changes.ts';
import {
  makeAssessmentWorkflowId,
  makeEstateCheckWorkflowId,
  makeFenceOnReturnWorkflowId,
  makeRestorePointsWorkflowId,
  makeRunWorkflowId,
  taskQueueOf,
} from '../../workflows/wire/ids.ts';
import { until } from '../support/until.ts';
import { type Drivers, openDrivers, readTraces } from './drivers.ts';
import type { Script } from './foreign/index.ts';
import { approve, failed, Scenarios, target } from './support.ts';

const theirQueue = 'of-somebody-else';
const minutes = 60_000;
let scenarios: Scenarios;
let drivers: Drivers;
let connection: NativeConnection;
let theirs: Worker;
let running: Promise<void>;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  scenarios = await Scenarios.start('hostile-client');
  drivers = await openDrivers(scenarios.stack.plan);
  connection = await NativeConnection.connect({ address: scenarios.stack.temporal.address });
  theirs = await Worker.create({ connection, taskQueue: theirQueue, workflowsPath: fileURLToPath(new URL('./foreign/index.ts', import.meta.url)) });
  running = theirs.run();
}, 5 * minutes);
afterAll(async () => {
  theirs?.shutdown();
  await running;
  await connection?.close();
  await drivers?.close();
  await scenarios?.stop();
}, minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

const lock = () => makeRunWorkflowId(scenarios.estate);
const watch = () => makeFenceOnReturnWorkflowId(scenarios.estate, failed);
const queue = () => taskQueueOf(scenarios.estate);

/** A context and whatever else a change may ask for, as right as somebody can make it who has read a history. */
function input(): Record<string, unknown> {
  const run = { runId: lock(), execution: 'EXECUTION', planDigest: drivers.snapshot.digest, from: failed, epoch: 7 };
  return { run, site: failed, sites: [failed, target], source: target, percent: 0, from: failed, to: target, withinSeconds: 5, standbys: [], records: [] };
}

const script = (): Script => ({ queue: queue(), calls: changeNames.map((activity) => ({ activity, input: input() })) });

/** Their own execution of one of their types; gives what each of our activities answered. */
async function runTheirs(type: string, workflowId: string, what: Script): Promise<Record<string, string>> {
  return (await scenarios.client.workflow.execute(type, { taskQueue: theirQueue, workflowId, args: [what] })) as Record<string, string>;
}

describe('activities that somebody else schedules', () => {
  it.each([
    ['anything', () => 'anything'],
    ['regionalFailover', lock],
    ['fenceOnReturn', watch],
    ['assessment', () => makeAssessmentWorkflowId(scenarios.estate, failed)],
    ['restorePoints', () => makeRestorePointsWorkflowId(scenarios.estate)],
    ['estateCheck', () => makeEstateCheckWorkflowId(scenarios.estate)],
  ])('by a workflow of the type %s under the right id change nothing', { timeout: 3 * minutes }, async (type, workflowId) => {
    const before = await readTraces(scenarios, drivers);
    const outcome = await runTheirs(type, workflowId(), script());
    expect(outcome).toEqual(Object.fromEntries(changeNames.map((activity) => [activity, 'no-lock'])));
    expect(await readTraces(scenarios, drivers)).toEqual(before);
  });
});

describe('a watch', () => {
  const watchInput = (changed: object = {}) => ({ run: input()['run'], snapshot: drivers.snapshot, site: failed, pollSeconds: 1, ...changed });

  /** Returns when the watch has ended or its try was refused. */
  async function untilRefused(workflowId: string): Promise<string> {
    const handle = scenarios.client.workflow.getHandle(workflowId);
    return until(
      `${workflowId} is refused`,
      async () => {
        const { events } = await handle.fetchHistory();
        const failure = events?.find((event) => event.activityTaskFailedEventAttributes ?? event.workflowExecutionFailedEventAttributes);
        const attributes = failure?.activityTaskFailedEventAttributes ?? failure?.workflowExecutionFailedEventAttributes;
        return attributes?.failure?.applicationFailureInfo?.type ?? undefined;
      },
      90,
    );
  }

  it('that a client starts fences nothing, whatever its id and its plan', { timeout: 4 * minutes }, async () => {
    const before = await readTraces(scenarios, drivers);
    const doctored = structuredClone(drivers.snapshot.plan);
    (doctored.estate.ssh as { privateKey: string }).privateKey = 'file:/etc/hostname';
    const digest = digestOf(doctored);
    const run = { runId: 'x', execution: 'x@y', planDigest: drivers.snapshot.digest, epoch: 7 };
    const inputs: readonly (readonly [string, unknown])[] = [
      ['anything', { ...watchInput({ run }) }],
      [watch(), watchInput({ run: { ...run, runId: lock(), execution: `${lock()}@y` } })],
      [`${watch()}-doctored`, watchInput({ run: { ...run, planDigest: digest }, snapshot: { digest, plan: doctored } })],
      [`${watch()}-claimed`, watchInput({ run: { ...run, planDigest: 'f'.repeat(64) }, snapshot: { digest: 'f'.repeat(64), plan: doctored } })],
    ];
    for (const [workflowId, given] of inputs) await scenarios.client.workflow.start('fenceOnReturn', { taskQueue: queue(), workflowId, args: [given] });
    for (const [workflowId] of inputs) expect(await untilRefused(workflowId), workflowId).toBe('no-lock');
    expect(await readTraces(scenarios, drivers)).toEqual(before);
    for (const [workflowId] of inputs)
      await scenarios.client.workflow
        .getHandle(workflowId)
        .terminate('the scenario is over')
        .catch(() => undefined);
  });

  it('that an impostor of a run starts as its child fences nothing', { timeout: 3 * minutes }, async () => {
    const before = await readTraces(scenarios, drivers);
    await runTheirs('regionalFailover', lock(), { queue: queue(), calls: [], child: { type: 'fenceOnReturn', workflowId: watch(), input: watchInput() } });
    expect(['stale-epoch', 'no-lock', 'transient']).toContain(await untilRefused(watch()));
    expect(await readTraces(scenarios, drivers)).toEqual(before);
  });
});

describe('a run', () => {
  it('that nobody votes in changes nothing, also when it is cancelled', { timeout: 3 * minutes }, async () => {
    const before = await readTraces(scenarios, drivers);
    await scenarios.start();
    const handle = scenarios.run();
    await handle.signal('approve', { gate: 'activation-000000', who: 'somebody-else', reason: 'open up' });
    await handle.cancel();
    await until('the run ends', async () => ((await handle.describe()).status.name === 'RUNNING' ? undefined : true), 90);
    expect(await readTraces(scenarios, drivers)).toEqual(before);
  });

  it('that is started with a time-out, a retry policy or a schedule of its own, or as a child, is refused', { timeout: 3 * minutes }, async () => {
    const given = { estate: scenarios.estate, from: failed, to: target, mode: 'live', startedBy: 'somebody-else' };
    for (const option of [{ workflowRunTimeout: '1 minute' }, { workflowExecutionTimeout: '1 minute' }, { retry: { maximumAttempts: 2 } }] as const) {
      const handle = await scenarios.client.workflow.start('regionalFailover', { taskQueue: queue(), workflowId: lock(), args: [given], ...option });
      await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'refused' } });
    }
    const { workflow } = scenarios.client;
    const repeated = await workflow.start('regionalFailover', { taskQueue: queue(), workflowId: lock(), args: [given], cronSchedule: '@every 1s' });
    const first = workflow.getHandle(lock(), repeated.firstExecutionRunId, { followRuns: false });
    await expect(first.result()).rejects.toThrow();
    expect((await first.fetchHistory()).events?.at(-1)?.workflowExecutionFailedEventAttributes?.failure?.applicationFailureInfo?.type).toBe('refused');
    await workflow.getHandle(lock()).terminate('nobody stops a schedule otherwise');
    await runTheirs('anything', 'anything', { queue: queue(), calls: [], child: { type: 'regionalFailover', workflowId: lock(), input: given } });
    await expect(workflow.getHandle(lock()).result()).rejects.toMatchObject({ cause: { type: 'refused' } });
  });

  it('that a reset made from one with votes changes nothing, and ends', { timeout: 6 * minutes }, async () => {
    await scenarios.recover(() => scenarios.stack.lab('kill', failed), approve);
    const before = await readTraces(scenarios, drivers);
    const handle = scenarios.run();
    const events = (await handle.fetchHistory()).events ?? [];
    const voted = events.findLastIndex((event) => event.workflowExecutionSignaledEventAttributes ?? event.workflowExecutionUpdateAcceptedEventAttributes);
    const decided = events.slice(voted).find((event) => event.workflowTaskCompletedEventAttributes);
    await scenarios.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: lock() },
      reason: 'to use the votes once more',
      requestId: 'reset',
      workflowTaskFinishEventId: decided?.eventId as never,
    });
    await decideUntilEnd(scenarios.stack, leftToOthers);
    const report = (await handle.result()) as { outcome: string; summary: string };
    expect(report).toMatchObject({ outcome: 'aborted', summary: expect.stringContaining('was made by a reset') });
    expect(await readTraces(scenarios, drivers)).toEqual(before);
  });
});
