/** Goal: without a worker nothing is started that would begin unseen hours later. Method: a dev server that never had a worker. */
import { afterAll, beforeAll, expect, it } from 'vitest';
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
    'No worker takes work from the queue dr/erlmcp-production. Nothing was started.\nStart one where the estate can be reached: DR_PLAN=<plan folder> node dist/workers/main.js\n',
  );
  expect((await stage.dr('status')).code).toBe(2);
});
