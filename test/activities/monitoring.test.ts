/** Goal: a monitoring that cannot be read, and whose replies get lost, still knows a repeat. Method: a receiver of our own, judged by the lab's reading of CloudEvents. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { createMonitoringActivities } from '../../activities/monitoring/activities.ts';
import { readCloudEvent, type ReceivedEvent } from '../../lab/monitoring/cloud-event.ts';
import { loadPlan } from '../../plan/load.ts';
import { dependenciesOf } from '../support/dependencies.ts';

let server: Server;
let events: ReceivedEvent[];
let authorizations: (string | undefined)[];
let loseReplies: number;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

beforeEach(async () => {
  events = [];
  authorizations = [];
  loseReplies = 0;
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      const read = readCloudEvent(request.headers['content-type'], body);
      if ('problems' in read) return response.writeHead(400).end();
      events.push(read.event);
      authorizations.push(request.headers.authorization);
      if (loseReplies-- > 0) return request.socket.destroy();
      return response.writeHead(202).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

test('an event whose reply was lost is sent again under the same id and source', async () => {
  const { plan } = await loadPlan(resolve(import.meta.dirname, '../../plan/erlmcp'));
  plan.estate.monitoring.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/status`;
  let clock = Date.parse('2026-02-02T10:00:00Z');
  const dependencies: ActivityDependencies = dependenciesOf({
    planOf: async () => plan,
    secret: async () => 'token',
    agent: () => {
      throw new Error('no agent is needed');
    },
    now: () => new Date((clock += 1000)),
  });
  const { updateMonitoring } = createMonitoringActivities(dependencies);
  const input = { run: { runId: 'recovery/x', execution: 'recovery/x@1', planDigest: '', epoch: 2 }, from: 'us-east-1', to: 'eu-central-1' };
  loseReplies = 1;
  await expect(updateMonitoring(input)).rejects.toMatchObject({ type: 'transient' });
  expect(await updateMonitoring(input)).toMatchObject({ changed: true, after: 'failover_active from us-east-1 to eu-central-1 (accepted, not read back)' });
  expect(events.map(({ source, type, data }) => ({ source, type, data }))).toEqual(
    [1, 2].map(() => ({
      source: '/estates/erlmcp-production/runs/recovery/x',
      type: 'dr-orchestrator.service.moved',
      data: { status: 'failover_active', from: 'us-east-1', to: 'eu-central-1', run: 'recovery/x' },
    })),
  );
  expect(events[0]?.id).toBe(events[1]?.id);
  expect(authorizations).toEqual(['Bearer token', 'Bearer token']);
});
