/**
 * Goal: an open workflow that the new release cannot carry on is seen, and goes on by what people are told to do. Method: the worker process on a dev server, first with the
 * workflows of this release, then with those of another.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findTemporal } from '../../lab/setup/paths.ts';
import { findStuck } from '../../client/stuck.ts';
import type { HealthReport } from '../../workers/health.ts';
import { taskQueueOf } from '../../workflows/wire/ids.ts';
import { searchAttributes } from '../../workflows/wire/search-attributes.ts';
import { runDr } from '../client/support.ts';
import { until } from '../support/until.ts';
import { root, startWorkerProcess, type WorkerProcess } from './support.ts';
import { sleeps, watchOf } from './watch.ts';

const workflowId = 'fence-on-return/erlmcp-production/us-east-1';
const folder = mkdtempSync(join(tmpdir(), 'dr-stuck-'));
const temporal = findTemporal() ?? '';
let server: TestWorkflowEnvironment;
let worker: WorkerProcess | undefined;

beforeAll(async () => {
  server = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: temporal }, searchAttributes: [...searchAttributes] },
  });
});
afterAll(async () => {
  await worker?.kill();
  await server?.teardown();
  rmSync(folder, { recursive: true, force: true });
});

async function startWorker(bundle: string): Promise<WorkerProcess> {
  return (worker = await startWorkerProcess({ TEMPORAL_ADDRESS: server.address, DR_WORKFLOW_BUNDLE: bundle }));
}

async function bundleOf(workflowsPath: string): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const file = join(folder, 'other-release.js');
  writeFileSync(file, code);
  return file;
}

const dr = (...words: string[]) => runDr(words, { TEMPORAL_ADDRESS: server.address, DR_PLAN: join(root, 'plan/erlmcp') });
const status = () => dr('status', '--run', 'recovery/erlmcp-production');
const releaseOf = async (health: string) => ((await (await fetch(health)).json()) as HealthReport).workers[0]?.release ?? '';
const stuckByHealth = async (health: string) => ((await (await fetch(health)).json()) as { stuck: { workflowId: string; incompatible: boolean }[] }).stuck;

it('a decision that the server takes from its worker for the number of messages is made anew, and is not stuck', async () => {
  const flooded = 'recovery/stuck-flooded';
  const taskQueue = taskQueueOf('stuck-flooded');
  const handle = await server.client.workflow.start('regionalFailover', { taskQueue, workflowId: flooded, args: [] });
  const { client, connection } = server;
  // A worker that has begun with the decision, and takes its time.
  const poll = () => client.workflowService.pollWorkflowTaskQueue({ namespace: 'default', taskQueue: { name: taskQueue }, identity: 'slow' });
  await connection.withDeadline(Date.now() + 60_000, poll);
  await Promise.all(Array.from({ length: 150 }, () => handle.signal('stop')));
  const attempt = await until('the server takes it away', async () => {
    const { raw } = await handle.describe();
    return (raw.pendingWorkflowTask?.attempt ?? 0) > 1 ? raw.pendingWorkflowTask?.attempt : undefined;
  });
  expect(attempt).toBe(2);
  await until('the server lists it', async () => ((await client.workflow.count(`WorkflowId = '${flooded}'`)).count > 0 ? true : undefined));
  expect(await findStuck(client)).toEqual([]);
  await handle.terminate();
});

it(
  'an open child that the new release cannot carry on is named by dr status, health page and metric, and goes on after the reset',
  { timeout: 240_000 },
  async () => {
    const ours = 'dist/workflow-bundle.js';
    const first = await startWorker(ours);
    const handle = await server.client.workflow.start('fenceOnReturn', {
      taskQueue: taskQueueOf('erlmcp-production'),
      workflowId,
      args: [watchOf('us-east-1')],
    });
    await until('the watch sleeps after a look that failed', () => sleeps(handle), 60);
    expect(await stuckByHealth(first.health)).toEqual([]);
    expect((await status()).out).not.toContain('STUCK');
    await worker?.kill();

    const other = await startWorker(await bundleOf(join(root, 'test/workers/other-release/index.ts')));
    const itsRelease = await releaseOf(other.health);
    await until('its release is current', async () => ((await dr('release', 'use', itsRelease)).code === 0 ? true : undefined), 60);
    const foreseen = await until('dr status foresees it', async () => ((await status()).out.includes('STUCK') ? status() : undefined), 60);
    expect(foreseen.out, 'before any decision is due').toContain(`${workflowId} cannot go on: its next decision will fail ([TMPRL1100]`);

    await handle.signal('decide');
    const named = await until('dr status names it', async () => {
    const answer = await status();
    return answer.out.includes('its decision fails') ? answer : undefined;
  }, 60); // prettier-ignore
    expect(named.out).toContain(`${workflowId} cannot go on: its decision fails since `);
    expect(named.out).toContain('TMPRL1100');
    expect(named.out).toContain('The workers run other workflow code than it began with. THE SITE THAT IT WAITS FOR IS NOT FENCED WHEN IT COMES BACK.');
    expect(named.code, 'also where there is no run').not.toBe(0);
    expect(
      await until('the health page names it', async () => (await stuckByHealth(other.health)).find((each) => each.workflowId === workflowId), 60),
    ).toMatchObject({
      type: 'fenceOnReturn',
      incompatible: true,
    });
    const metric = async () => /^\S*dr_stuck_workflows\S* 1$/m.exec(await (await fetch(other.metrics)).text())?.[0];
    expect(await until('the metric counts it', metric, 60)).toContain('dr_stuck_workflows');

    // What people are told to do, word for word.
    const [command] = /temporal workflow reset .*? --reason "[^"]*"/.exec(named.out) ?? [];
    const words = command?.split(/ (?=(?:[^"]*"[^"]*")*[^"]*$)/).slice(1).map((word) => word.replaceAll('"', '')) ?? []; // prettier-ignore
    await promisify(execFile)(temporal, [...words, '--address', server.address]);
    await until('nothing is stuck any more', async () => ((await status()).out.includes('STUCK') ? undefined : true), 60);
    await until('the health page says so', async () => ((await stuckByHealth(other.health)).length === 0 ? true : undefined), 60);
  },
);
