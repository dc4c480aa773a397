/** Goal: what Temporal says of workers and executions is told as it is, also where this machine's clock is wrong or a run is paused. Method: a client whose answers the test gives, for what the dev server cannot do. */
import type { WorkflowExecutionStatusName } from '@temporalio/client';
import { expect, it } from 'vitest';
import { DrClient } from '../../client/index.ts';
import { renderView } from '../../client/cli/views/status.ts';
import { isOver } from '../../client/over.ts';
import { requireWorker } from '../../client/workers.ts';

const seenAgo = (seconds: number, current = '1.0.0-aaaaaaaa') =>
  ({
    options: { namespace: 'default' },
    workflowService: {
      describeTaskQueue: async () => ({
        pollers: [
          {
            lastAccessTime: { seconds: Math.floor(Date.now() / 1000) - seconds },
            deploymentOptions: { deploymentName: 'dr/erlmcp', buildId: '1.0.0-aaaaaaaa' },
          },
        ],
        versioningInfo: { currentDeploymentVersion: { deploymentName: 'dr/erlmcp', buildId: current } },
      }),
    },
  }) as never;

it('a worker that was seen of late is there, also by a clock that is behind', async () => {
  for (const seconds of [0, 60, -600]) await requireWorker(seenAgo(seconds), 'erlmcp', 'Nothing was started.');
});

it('a worker that was not is none, and both clocks are told', async () => {
  await expect(requireWorker(seenAgo(200), 'erlmcp', 'Nothing was started.')).rejects.toThrow(
    /^No worker takes work from the queue dr\/erlmcp\. Nothing was started\. The last one was seen at \d\d:\d\d:\d\dZ by the server's clock; here it is \d\d:\d\d:\d\dZ\.$/,
  );
});

it('a worker of another release takes no start, and the way out is told', async () => {
  const refused = await requireWorker(seenAgo(1, '0.9.0-bbbbbbbb'), 'erlmcp', 'Nothing was started.').catch((error: unknown) => error);
  expect(refused).toMatchObject({
    kind: 'no-worker',
    message: 'No worker of release 0.9.0-bbbbbbbb takes work from the queue dr/erlmcp. There is a worker of 1.0.0-aaaaaaaa. Nothing was started.',
    hint: 'A worker that is there takes over within two minutes; at once by: dr release use 1.0.0-aaaaaaaa',
  });
});

it('a run is over when it has ended, however, and goes on while it is paused', () => {
  const goesOn: WorkflowExecutionStatusName[] = ['RUNNING', 'PAUSED', 'UNSPECIFIED', 'UNKNOWN'];
  const ended: WorkflowExecutionStatusName[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'CONTINUED_AS_NEW', 'TIMED_OUT'];
  expect(goesOn.filter(isOver)).toEqual([]);
  expect(ended.filter((status) => !isOver(status))).toEqual([]);
});

it('a run that is paused is not told as broken: people learn that it waits, and for what', async () => {
  const found = { type: 'regionalFailover', taskQueue: 'dr/erlmcp', status: { name: 'PAUSED' } };
  const handle = { workflowId: 'recovery/erlmcp', describe: async () => found, fetchHistory: async () => ({ events: [] }) };
  const temporal = { withDeadline: (_until: number, call: () => Promise<unknown>) => call(), workflow: { getHandle: () => handle } };
  const view = await new DrClient(temporal as never).status('recovery/erlmcp');
  expect(view).toMatchObject({ state: 'unattended', reason: expect.stringContaining('Somebody has paused it in Temporal') });
  expect(renderView(view)).toContain('is open, and gives no answer. Somebody has paused it in Temporal, and it begins nothing new.');
  expect(renderView(view)).not.toMatch(/worker/i);
});
