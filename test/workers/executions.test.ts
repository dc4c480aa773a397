/** Goal: what a reset has made is known as such, and whether what it was made from had ended, for good. Method: a dev server's own resets. */
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findTemporal } from '../../lab/setup/paths.ts';
import { executionsOf } from '../../workers/executions.ts';
import { until } from '../support/until.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const taskQueue = 'waiting';
let server: TestWorkflowEnvironment;
let worker: Worker;
let running: Promise<void>;

beforeAll(async () => {
  server = await TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'existing-path', path: findTemporal() ?? '' } } });
  const workflowsPath = fileURLToPath(new URL('./waiting/index.ts', import.meta.url));
  worker = await Worker.create({ connection: server.nativeConnection, taskQueue, workflowsPath });
  running = worker.run();
});
afterAll(async () => {
  worker?.shutdown();
  await running;
  await server?.teardown();
});

const handleOf = (workflowId: string) => server.client.workflow.getHandle(workflowId);

/** The latest execution under the id, once its first decision is made. */
async function waits(workflowId: string, before?: string): Promise<string> {
  return until('it waits', async () => {
    const { runId } = await handleOf(workflowId).describe();
    const { events } = await handleOf(workflowId).fetchHistory();
    return runId !== before && events?.some((event) => event.workflowTaskCompletedEventAttributes) ? runId : undefined;
  });
}

async function start(workflowId: string): Promise<string> {
  await server.client.workflow.start('waiting', { taskQueue, workflowId });
  return waits(workflowId);
}

/** As `temporal workflow reset --type FirstWorkflowTask` does. */
async function reset(workflowId: string, runId: string): Promise<string> {
  const { events } = await server.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const finished = events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
  const { runId: made } = await server.client.workflowService.resetWorkflowExecution({
    namespace: server.client.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'new release',
    requestId: `${runId}-reset`,
    workflowTaskFinishEventId: finished as never,
  });
  return made ?? '';
}

async function goOn(workflowId: string, runId: string): Promise<string> {
  await handleOf(workflowId).signal('continue');
  return waits(workflowId, runId);
}

const howReset = async (workflowId: string, runId: string) => (await executionsOf(server.client).beginningOf({ workflowId, runId }))?.reset;

it('one that was started, and one that continues it, are no resets', async () => {
  const first = await start('started');
  expect(await howReset('started', first)).toBe('no');
  expect(await howReset('started', await goOn('started', first))).toBe('no');
});

it('one that a reset made while it was open stays one, also when it continues as new and is reset again', async () => {
  const made = await reset('open', await start('open'));
  expect(await howReset('open', made)).toBe('while it was open');
  await waits('open');
  const next = await goOn('open', made);
  expect(await howReset('open', next)).toBe('while it was open');
  expect(await howReset('open', await reset('open', next))).toBe('while it was open');
});

it('one that a reset made of what had ended, or of what somebody had terminated, is known for good', async () => {
  for (const [workflowId, end] of [
    ['ended', () => handleOf('ended').signal('end')],
    ['terminated', () => handleOf('terminated').terminate('by hand')],
  ] as const) {
    const first = await start(workflowId);
    await end();
    await until('it is over', async () => ((await handleOf(workflowId).describe()).status.name === 'RUNNING' ? undefined : true));
    const made = await reset(workflowId, first);
    expect(await howReset(workflowId, made), workflowId).toBe('after its end');
    await waits(workflowId);
    expect(await howReset(workflowId, await reset(workflowId, made)), `${workflowId}, reset again`).toBe('after its end');
  }
});

it('a status that a later server may give is no answer, and not a "no" that would end a run for good', async () => {
  const info = (status: number) => ({
    options: { namespace: 'default' },
    withDeadline: (_until: number, call: () => Promise<unknown>) => call(),
    workflowService: { describeWorkflowExecution: async () => ({ workflowExecutionInfo: { status } }) },
  });
  const isOpen = (status: number) => executionsOf(info(status) as never).isOpen({ workflowId: 'recovery/shop', runId: '1' });
  expect(await Promise.all([1, 8].map(isOpen)), 'running, paused').toEqual([true, true]);
  expect(await Promise.all([2, 3, 4, 5, 6, 7].map(isOpen)), 'each way to end').toEqual([false, false, false, false, false, false]);
  for (const status of [0, 9]) await expect(isOpen(status)).rejects.toMatchObject({ type: 'transient' });
});
