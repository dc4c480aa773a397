/** Goal: a worker that was silent changes nothing of a task that another may have by now. Method: the SDK's activity environment, and a clock that is set forward. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { Context } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { boundedChange } from '../../activities/aws/client.ts';
import { createCommunicationActivities } from '../../activities/communication/activities.ts';
import type { FolderDependencies } from '../../activities/dependencies.ts';
import { createMonitoringActivities } from '../../activities/monitoring/activities.ts';
import { beatMilliseconds, keepTask, mustHoldTask } from '../../activities/task.ts';
import { loadPlan } from '../../plan/load.ts';
import { dependenciesOf } from '../support/dependencies.ts';

const heartbeatTimeoutMs = 5_000;
const lost = { type: 'transient', message: expect.stringContaining('another may have been given its task') };
const run = { runId: 'recovery/x', execution: 'recovery/x@1', planDigest: '', epoch: 2 };
const planFolder = resolve(import.meta.dirname, '../../plan/erlmcp');
let server: Server;
let requests: string[];
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
  requests = [];
  server = createServer((request, response) => {
    requests.push(request.method ?? '');
    response.writeHead(request.method === 'GET' ? 404 : 202).end();
  });
  server.on('connection', () => requests.push('connection'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(async () => {
  vi.useRealTimers();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

/** Does something as an activity whose worker has been silent for so long. */
async function afterSilence<T>(milliseconds: number, what: () => T | Promise<T>): Promise<T> {
  return new MockActivityEnvironment({ heartbeatTimeoutMs }).run(async () => {
    const done = keepTask(Context.current());
    vi.setSystemTime(Date.now() + milliseconds);
    try {
      return await what();
    } finally {
      done();
    }
  });
}

async function dependencies(): Promise<FolderDependencies> {
  const { plan } = await loadPlan(planFolder);
  const { port } = server.address() as AddressInfo;
  plan.estate.monitoring.url = `http://127.0.0.1:${port}/`;
  plan.estate.mail.server = { host: '127.0.0.1', port };
  const agent = () => {
    throw new Error('no agent is needed');
  };
  return dependenciesOf({ planOf: async () => plan, secret: async () => 'token', agent, now: () => new Date(), planFolder });
}

test('after a silence nothing is changed any more', async () => {
  await expect(afterSilence(4_000, mustHoldTask)).rejects.toMatchObject(lost);
  await afterSilence(2_000, mustHoldTask);
});

test('a task that was lost stays lost, also when the worker gives signs of life again', async () => {
  const work = afterSilence(4_000, () => {
    vi.advanceTimersByTime(3 * beatMilliseconds);
    mustHoldTask();
  });
  await expect(work).rejects.toMatchObject(lost);
});

test('a task of which the server has said that it is over is lost', async () => {
  const environment = new MockActivityEnvironment({ heartbeatTimeoutMs });
  const work = environment.run(async () => {
    keepTask(Context.current())();
    environment.cancel('NOT_FOUND', new ActivityCancellationDetails({ notFound: true }));
    mustHoldTask();
  });
  await expect(work).rejects.toMatchObject(lost);
});

test('one that is kept is held for as long as it takes', async () => {
  await afterSilence(0, () => {
    vi.advanceTimersByTime(600_000);
    mustHoldTask();
  });
});

test('outside a worker there is no task to lose', () => {
  expect(mustHoldTask).not.toThrow();
});

test('no change of AWS, no event and no mail goes out after a silence; what only reads does', async () => {
  const built = await dependencies();
  await expect(afterSilence(4_000, () => boundedChange())).rejects.toMatchObject(lost);
  const { updateMonitoring } = createMonitoringActivities(built);
  await expect(afterSilence(4_000, () => updateMonitoring({ run, from: 'us-east-1', to: 'eu-central-1' }))).rejects.toMatchObject(lost);
  expect(requests).toEqual(['connection', 'GET']);
  const { notifyStakeholders } = createCommunicationActivities(built);
  await expect(afterSilence(4_000, () => notifyStakeholders({ run, values: {} }))).rejects.toMatchObject(lost);
  expect(requests).toEqual(['connection', 'GET']);
});
