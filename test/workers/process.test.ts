/** Goal: the worker process starts from what was built, tells how it is, and lets a step under way end when it is told to stop. Method: a child process and a dev server. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { findTemporal } from '../../lab/setup/paths.ts';
import { formatFinding } from '../../plan/load.ts';
import { searchAttributes } from '../../workflows/wire/search-attributes.ts';
import { taskQueueOf } from '../../workflows/wire/ids.ts';
import { PlanCopy } from '../support/plan-copies.ts';
import { until } from '../support/until.ts';
import { freePort, root } from './support.ts';
import { sleeps, watchOf } from './watch.ts';

let server: TestWorkflowEnvironment;
let child: ChildProcess | undefined;
let stderr = '';

beforeAll(async () => {
  if (!existsSync(`${root}/dist/workflow-bundle.js`)) throw new Error('The worker is not built. Run: npm run build');
  const temporal = findTemporal();
  if (!temporal) throw new Error('The Temporal command line is missing. Install it with: npm run setup');
  server = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: temporal }, searchAttributes: [...searchAttributes] },
  });
});
afterAll(async () => server?.teardown());
afterEach(async () => {
  if (child && child.exitCode === null) child.kill('SIGKILL');
  child = undefined;
});

function start(environment: Record<string, string>): ChildProcess {
  stderr = '';
  child = spawn(process.execPath, ['dist/workers/main.js'], {
    cwd: root,
    env: { PATH: process.env['PATH'], DR_PLAN: 'plan/erlmcp', DR_WORKFLOW_BUNDLE: 'dist/workflow-bundle.js', ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return child;
}

async function exitCodeOf(process: ChildProcess): Promise<number | null> {
  if (process.exitCode === null) await once(process, 'exit');
  return process.exitCode;
}

it('serves health and metrics, and stops on SIGTERM after the step under way has ended', async () => {
  const [health, metrics] = [await freePort(), await freePort()];
  const worker = start({
    TEMPORAL_ADDRESS: server.address,
    DR_HEALTH_ADDRESS: `127.0.0.1:${health}`,
    DR_METRICS_ADDRESS: `127.0.0.1:${metrics}`,
    DR_DATABASE_OBSERVER_PASSWORD: 'x',
    DR_CACHE_OBSERVER_PASSWORD: 'x',
  });
  await until('the worker is healthy', async () => ((await fetch(`http://127.0.0.1:${health}/health`)).ok ? true : undefined), 60);
  // A worker is healthy before it has counted anything.
  const counts = async () => (await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()).includes('temporal_worker_task_slots_available');
  await until('its metrics tell of free slots', async () => (await counts()) || undefined, 60);

  const handle = await server.client.workflow.start('assessment', {
    taskQueue: taskQueueOf('erlmcp-production'),
    workflowId: 'assessment/erlmcp-production/us-east-1',
    args: [{ estate: 'erlmcp-production', from: 'us-east-1' }],
  });
  await until(
    'an activity is under way',
    async () => ((await handle.describe()).raw.pendingActivities?.some((activity) => activity.lastStartedTime) ? true : undefined),
    60,
  );
  worker.kill('SIGTERM');
  expect(await exitCodeOf(worker)).toBe(0);
  expect(stderr).toContain('"worker stopped"');
  // Nothing at those addresses answers, so that it may have ended by itself.
  await handle.terminate('the test is over').catch(() => undefined);
});

it('ends with one sentence when Temporal does not answer', async () => {
  const worker = start({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
  expect(await exitCodeOf(worker)).toBe(4);
  expect(stderr).toContain('Temporal does not answer at 127.0.0.1:1. Start it, or set TEMPORAL_ADDRESS to where it runs.');
});

it('ends with one sentence when the plan cannot be used', async () => {
  const worker = start({ TEMPORAL_ADDRESS: server.address, DR_PLAN: 'docs' });
  expect(await exitCodeOf(worker)).toBe(2);
  expect(stderr).toContain('cannot be used; nothing was started.');
});

it('refuses a plan that the check refuses, with the words of the check', async () => {
  const plan = await PlanCopy.of();
  await plan.change('procedures.yaml', 'quorum: 2', 'quorum: 9');
  await plan.change('estate.yaml', 'recordName: erlmcp.example.com', 'recordName: www.example.com');
  const errors = (await plan.check()).findings.filter(({ level }) => level === 'error');
  expect(errors.map(({ rule }) => rule)).toEqual(['quorum', 'customers-name-routed']);
  const worker = start({ TEMPORAL_ADDRESS: server.address, DR_PLAN: plan.folder });
  expect(await exitCodeOf(worker)).toBe(2);
  expect(stderr).toBe(
    `The worker did not start.\nThe plan in ${plan.folder} cannot be used; nothing was started.\n${errors.map(formatFinding).join('\n')}\nMend the lines above, then check again: dr plan check\n`,
  );
  await plan.remove();
});

it('ends with the command to run when the namespace lacks the search attributes', async () => {
  await server.connection.workflowService.registerNamespace({ namespace: 'bare', workflowExecutionRetentionPeriod: { seconds: 86_400 as never } });
  const worker = start({ TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: 'bare' });
  expect(await exitCodeOf(worker)).toBe(4);
  expect(stderr).toContain('temporal operator search-attribute create --namespace bare --name DrEstate --type Keyword');
});

it('a worker that is killed holds up the next decision of its run for 3 s at most, not for the 10 s of the SDK', async () => {
  const secrets = { DR_DATABASE_OBSERVER_PASSWORD: 'x', DR_CACHE_OBSERVER_PASSWORD: 'x' };
  const startWorker = async () => {
    const health = await freePort();
    const worker = start({ TEMPORAL_ADDRESS: server.address, DR_HEALTH_ADDRESS: `127.0.0.1:${health}`, ...secrets });
    await until('the worker is healthy', async () => ((await fetch(`http://127.0.0.1:${health}/health`)).ok ? true : undefined), 60);
    return worker;
  };
  const first = await startWorker();
  const handle = await server.client.workflow.start('fenceOnReturn', {
    taskQueue: taskQueueOf('erlmcp-production'),
    workflowId: 'fence-on-return/erlmcp-production/killed',
    // No worker holds this plan, so the site cannot be looked at, and the run waits in the worker's memory.
    args: [watchOf('us-east-1')],
  });
  await until('the watch sleeps after a look that failed', () => sleeps(handle), 60);
  first.kill('SIGKILL');
  await exitCodeOf(first);
  await startWorker();
  await handle.cancel(); // asks for a decision
  await until('another worker decides', async () => ((await handle.describe()).status.name === 'RUNNING' ? undefined : true), 60);
  // By the server's own clock: how long the decision waited for the dead worker before the server gave it to anybody.
  const events = (await handle.fetchHistory()).events ?? [];
  const lost = events.find(({ workflowTaskTimedOutEventAttributes }) => workflowTaskTimedOutEventAttributes);
  const scheduled = events.find(({ eventId }) => String(eventId) === String(lost?.workflowTaskTimedOutEventAttributes?.scheduledEventId));
  const at = (event: typeof lost) => Number(event?.eventTime?.seconds) + Number(event?.eventTime?.nanos) / 1e9;
  expect(at(lost) - at(scheduled)).toBeGreaterThan(2.5);
  expect(at(lost) - at(scheduled)).toBeLessThan(8);
});
