/** Goal: no test finds the server otherwise than the one before it. Method: runs that are left open in one namespace, seen from the next. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SkippingServer } from './skipping-server.ts';
import { until } from './until.ts';

let server: SkippingServer;
beforeAll(async () => {
  server = await SkippingServer.start();
});
afterAll(() => server?.stop());

it('what a test leaves open is ended, its id is free for the next one, and time is skipped again', async () => {
  const run = { taskQueue: 'nobody', workflowId: 'the-lock' };
  const first = server.nextNamespace();
  // Nobody takes its task, and the server skips no time meanwhile.
  const left = await first.client.workflow.start('any', run);
  await server.leave(first);
  expect((await left.describe()).status.name).toBe('TERMINATED');

  const next = server.nextNamespace();
  const before = await server.clock.read();
  await next.sleep('1 hour');
  expect((await server.clock.read()) - before).toBeGreaterThanOrEqual(3_600_000);
  expect(server.clock.now() - Date.now(), 'a model is told without asking').toBeGreaterThan(3_600_000);
  await next.client.workflow.start('any', run);
  await server.leave(next);
});

it('then the clock goes on as this machine does, until somebody skips', async () => {
  const left = server.nextNamespace();
  await left.client.workflow.start('any', { taskQueue: 'nobody', workflowId: 'with-a-timer', workflowExecutionTimeout: '1 day' });
  await server.leave(left);
  const [began, at] = [performance.now(), await server.clock.read()];
  await until('time has passed', async () => ((await server.clock.read()) - at > 200 ? true : undefined));
  expect((await server.clock.read()) - at - (performance.now() - began)).toBeLessThan(1_000);
});
