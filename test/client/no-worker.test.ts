/** Goal: without a worker nothing is started that would begin unseen hours later. Method: a dev server that never had a worker. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeRunWorkflowId, taskQueueOf } from '../../workflows/wire/ids.ts';
import { Stage } from './support.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => stage?.close());

it('a start without a worker starts nothing and says which command starts one', async () => {
  const result = await stage.dr('failover', 'start', '--from', 'us-east-1', '--to', 'eu-central-1', '--as', 'jane-smith');
  expect(result.code).toBe(4);
  expect(result.err).toBe(
    'No worker takes work from the queue dr/erlmcp-production. Nothing was started.\nStart one where the estate can be reached: DR_PLAN=<plan folder> DR_WORKFLOW_BUNDLE=dist/workflow-bundle.js node dist/workers/main.js\n',
  );
  expect((await stage.dr('status')).code).toBe(2);
});

it('the status of a run to which somebody sent megabytes is told from its history', async () => {
  const { estate } = stage.plan.plan;
  const run = await stage.env.client.workflow.start('regionalFailover', {
    workflowId: makeRunWorkflowId(estate.name),
    taskQueue: taskQueueOf(estate.name),
  });
  for (let sent = 0; sent < 60; sent += 1) await run.signal('approve', { reason: 'word '.repeat(20_000) });
  const result = await stage.dr('status');
  expect(result.err).toBe('');
  expect(result.out).toContain('No worker takes work from the queue dr/erlmcp-production. The run waits.');
  await stage.clear(run.workflowId);
});
