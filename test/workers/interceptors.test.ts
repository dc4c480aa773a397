/** Goal: a task that was given out long ago is begun only where the server still waits for it. Method: the SDK's activity environment, a server that says so or not. */
import { Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { NativeConnection } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { createHeartbeatInterceptor } from '../../workers/interceptors.ts';
import { createServerClock } from '../../workers/server-clock.ts';

/** Whether a task was begun, how it ended, and how often the server was asked. */
async function begin(givenOutAt: number, answer: () => Promise<unknown>) {
  let [asked, begun] = [0, false];
  const recordActivityTaskHeartbeat = async () => {
    asked += 1;
    return answer();
  };
  const withDeadline = (_deadline: number, ask: () => Promise<unknown>) => ask();
  const factory = createHeartbeatInterceptor(
    { withDeadline, workflowService: { recordActivityTaskHeartbeat } } as unknown as NativeConnection,
    'default',
    createServerClock(async () => null),
  );
  const environment = new MockActivityEnvironment({ currentAttemptScheduledTimestampMs: givenOutAt, heartbeatTimeoutMs: 5_000 });
  const work = environment.run(async () => {
    const execute = factory(Context.current()).inbound?.execute;
    return execute?.({ args: [], headers: {} }, async () => (begun = true));
  });
  const ended = await work.then(() => 'done', (error: Error) => error.message); // prettier-ignore
  return { asked, begun, ended };
}

const aMinuteAgo = () => Date.now() - 60_000;

test('one that comes at once is begun without a question', async () => {
  expect(await begin(Date.now(), () => Promise.reject(new Error('not asked')))).toEqual({ asked: 0, begun: true, ended: 'done' });
});

test('one that comes late is begun when the server still waits for it', async () => {
  expect(await begin(aMinuteAgo(), async () => ({}))).toEqual({ asked: 1, begun: true, ended: 'done' });
});

test('one that comes late is not begun when the server waits for it no longer', async () => {
  const { begun, ended } = await begin(aMinuteAgo(), () => Promise.reject(Object.assign(new Error('5 NOT_FOUND: activity task not found'), { code: 5 })));
  expect(begun).toBe(false);
  expect(ended).toContain('The server no longer waits for this task from here. It was not begun.');
});

test('one that comes late is not begun when the server cannot be asked, and says so', async () => {
  const { begun, ended } = await begin(aMinuteAgo(), () => Promise.reject(Object.assign(new Error('14 UNAVAILABLE'), { code: 14 })));
  expect(begun).toBe(false);
  expect(ended).toContain('The server could not be asked whether it still waits for this task from here. It was not begun.');
});
