/** Goal: a decision that takes long is made, and costs no worker its life. Method: the worker process on a dev server with a workflow that computes longer than the SDK would let it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findTemporal } from '../../lab/setup/paths.ts';
import { taskQueueOf } from '../../workflows/wire/ids.ts';
import { searchAttributes } from '../../workflows/wire/search-attributes.ts';
import { longDecision } from './long-decision/index.ts';
import { root, startWorkerProcess, type WorkerProcess } from './support.ts';

/** The SDK breaks off after 5 s. */
const decisionMilliseconds = 8_000;
const folder = mkdtempSync(join(tmpdir(), 'dr-long-decision-'));
let server: TestWorkflowEnvironment;
let worker: WorkerProcess | undefined;

beforeAll(async () => {
  server = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: findTemporal() ?? '' }, searchAttributes: [...searchAttributes] },
  });
});
afterAll(async () => {
  await worker?.kill();
  await server?.teardown();
  rmSync(folder, { recursive: true, force: true });
});

/** How many rounds take so long here. */
async function roundsFor(milliseconds: number): Promise<number> {
  const tried = 200_000_000;
  const from = performance.now();
  await longDecision(tried);
  return Math.round((tried * milliseconds) / (performance.now() - from));
}

it('is made, also when it takes longer than the SDK lets a decision take', async () => {
  const { code } = await bundleWorkflowCode({ workflowsPath: join(root, 'test/workers/long-decision/index.ts'), logger: new DefaultLogger('ERROR') });
  const bundle = join(folder, 'long-decision.js');
  writeFileSync(bundle, code);
  worker = await startWorkerProcess({ TEMPORAL_ADDRESS: server.address, DR_WORKFLOW_BUNDLE: bundle });
  const rounds = await roundsFor(decisionMilliseconds);
  const made = await server.client.workflow.execute(longDecision, {
    workflowId: 'long-decision',
    taskQueue: taskQueueOf('erlmcp-production'),
    args: [rounds],
    workflowTaskTimeout: '60 s',
    workflowExecutionTimeout: '100 s',
  });
  expect(made).toBe(await longDecision(rounds));
  const { events = [] } = await server.client.workflow.getHandle('long-decision').fetchHistory();
  expect(
    events?.filter((event) => event.workflowTaskFailedEventAttributes ?? event.workflowTaskTimedOutEventAttributes),
    'at once',
  ).toEqual([]);
});
