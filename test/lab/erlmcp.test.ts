/** The stand-in on real stores: what it acknowledges is durable, what is not durable it does not acknowledge. Primary and synchronous standby, without a supervisor. */
import { chmodSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { LabSite } from '../../lab/addresses.ts';
import { certificateFiles, makeCertificates } from '../../lab/certificates.ts';
import { writeFaults } from '../../lab/erlmcp/faults.ts';
import { servedFunctions } from '../../lab/erlmcp/functions.ts';
import { goldenCopy, type GoldenCopy } from '../../lab/golden.ts';
import { createNetworkSwitch } from '../../lab/network/switch.ts';
import { select } from '../../lab/network/state.ts';
import { stateRoot } from '../../lab/paths.ts';
import { databaseName, publicHost } from '../../lab/settings.ts';
import { makeKeys } from '../../lab/sshd/keys.ts';
import { createSite, type LabSiteServers } from '../../lab/site/site.ts';
import { eventually, testContext } from './support.ts';

const context = testContext(253);
const { addresses } = context;
const network = createNetworkSwitch(context);
let golden: GoldenCopy;
const sites = (['us-east-1', 'ap-southeast-1'] as const).map((site) => createSite(context, site, () => golden));
const [us, ap] = sites as [LabSiteServers, LabSiteServers];

beforeAll(async () => {
  chmodSync(context.directory, 0o755);
  await makeCertificates(context.directory);
  await makeKeys(context.directory);
  golden = await goldenCopy(stateRoot(context.repository), context.repository, addresses.real('dr'), context.log);
  await network.start();
  for (const site of sites) await site.prepare(golden);
  for (const site of sites) await site.startStores();
  await us.postgres.query(`alter system set synchronous_standby_names = 'ANY 1 ("ap-southeast-1")'`);
  await us.postgres.query('select pg_reload_conf()');
  await Promise.all(sites.map(({ service }) => service.start()));
  await eventually('replication', 10_000, async () => {
    const standbys = await us.postgres.query<{ sync_state: string }>('select sync_state from pg_stat_replication');
    return standbys[0]?.sync_state === 'quorum' && (await us.redis.as((client) => client.info('replication'))).includes('min_slaves_good_slaves:1');
  });
  // A stand-in that has just started may not have its connections yet.
  for (const { path } of servedFunctions) {
    await eventually(`writes of ${path}`, 10_000, async () => (await call('us-east-1', path, { customer: 'first', sequence: 1 })).status === 200);
  }
});
afterAll(async () => {
  for (const site of sites) await site.stop();
  await network.stop();
  context.remove();
});
afterEach(async () => {
  await network.reset();
  for (const { service } of sites) writeFaults(service.faultsFile, {});
});

interface Answered {
  status: number;
  site: string | undefined;
  retryAfter: string | undefined;
  text: string;
  json: Record<string, unknown>;
}

function call(site: LabSite, path: string, body?: unknown): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sending = request({
      host: addresses.real(site),
      port: 8443,
      path,
      method: body === undefined ? 'GET' : 'POST',
      ca: readFileSync(certificateFiles(context.directory).ca),
      servername: publicHost,
      agent: false,
      headers: { host: publicHost },
    });
    sending.on('error', reject);
    sending.on('response', (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => {
        const { 'x-site': from, 'retry-after': retryAfter } = response.headers;
        const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
        resolve({ status: response.statusCode as number, site: from as string | undefined, retryAfter, text, json });
      });
    });
    sending.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const rows = async (servers: LabSiteServers, sequence: number) =>
  (await servers.postgres.query<{ count: string }>(`select count(*) from payments where customer = 'acme' and sequence = ${sequence}`, databaseName))[0]?.count;

test('it tells its health, its site and its uptime', async () => {
  expect(await call('us-east-1', '/health')).toMatchObject({ status: 200, site: 'us-east-1', json: { status: 'healthy', site: 'us-east-1' } });
  const uptime = async () => Number(/^erlmcp_uptime\{[^}]*\} (.+)$/m.exec((await call('us-east-1', '/metrics')).text)?.[1]);
  const before = await uptime();
  expect(before).toBeGreaterThan(0);
  expect(await uptime()).toBeGreaterThan(before);
  expect((await call('ap-southeast-1', '/metrics')).text).toContain('erlmcp_capacity_percent{site="ap-southeast-1"} 25');
});

test.each(servedFunctions.map(({ id, path }) => [id, path]))('%s writes, reads and answers its probe', async (id, path) => {
  const { site, json: written } = await eventually('a write', 5_000, async () => {
    const answer = await call('us-east-1', path, { customer: 'acme', sequence: 1 });
    return answer.status === 200 && answer;
  });
  expect({ site, written }).toEqual({ site: 'us-east-1', written: { function: id, customer: 'acme', sequence: 1 } });
  expect(await call('us-east-1', path)).toMatchObject({ status: 200, json: { newest: 'acme-1' } });
  expect(await call('us-east-1', `${path}?customer=acme`)).toMatchObject({ status: 200, json: { newest: 'acme-1' } });
  const { json } = await call('us-east-1', `${path}/probe?write=token-1`);
  expect(json).toMatchObject({ function: id, status: 'ok', written: 'token-1', readBack: 'token-1' });
  expect(Date.now() - Date.parse(json.asOf as string)).toBeLessThan(5_000);
});

test('a repeated write is one entry, and is on the standby when it is acknowledged', async () => {
  for (let attempt = 0; attempt < 3; attempt += 1)
    expect((await call('us-east-1', '/payment-processing', { customer: 'acme', sequence: 50 })).status).toBe(200);
  expect(await rows(us, 50)).toBe('1');
  await eventually('replay', 2_000, async () => (await rows(ap, 50)) === '1');
});

test('a standby refuses writes, serves reads, and calls its analytics degraded', async () => {
  for (const { path } of servedFunctions)
    expect(await call('ap-southeast-1', path, { customer: 'acme', sequence: 60 })).toMatchObject({ status: 503, json: { error: 'read-only' } });
  expect((await call('ap-southeast-1', '/payment-processing')).status).toBe(200);
  expect(await call('ap-southeast-1', '/payment-processing/probe?write=t')).toMatchObject({ status: 503, json: { error: 'read-only' } });
  expect(await call('ap-southeast-1', '/analytics/probe?write=t')).toMatchObject({ status: 200, json: { status: 'degraded', written: null } });
});

test('cut off from its standby it acknowledges nothing, also not on repetition, and goes on after the heal', async () => {
  network.state.change(select({ site: 'us-east-1' }), { mode: 'hole' });
  const writes = servedFunctions.map(({ path }) => call('us-east-1', path, { customer: 'acme', sequence: 70 }));
  for (const answer of await Promise.all(writes)) expect(answer).toMatchObject({ status: 503, json: { error: 'not-replicated' } });
  // More than the connections there are: each ends in time, none is acknowledged.
  const more = await Promise.all(
    Array.from({ length: 40 }, (_, index) => call('us-east-1', '/payment-processing', { customer: 'acme', sequence: 71 + (index % 2) })),
  );
  expect(new Set(more.map(({ status }) => status))).toEqual(new Set([503]));
  expect((await call('us-east-1', '/payment-processing')).status).toBe(200);
  network.state.change(select({ site: 'us-east-1' }), { mode: 'open' });
  await eventually('service', 10_000, async () => (await call('us-east-1', '/payment-processing', { customer: 'acme', sequence: 71 })).status === 200);
  await eventually('sessions', 10_000, async () => (await call('us-east-1', '/session-management', { customer: 'acme', sequence: 71 })).status === 200);
  expect(await rows(us, 71)).toBe('1');
});

test('a commit whose wait for the standby was cancelled is not acknowledged, and neither is its repetition', async () => {
  await ap.postgres.stop();
  const write = call('us-east-1', '/payment-processing', { customer: 'acme', sequence: 90 });
  const cancelled = await eventually('the waiting commit', 700, async () => {
    const waiting = await us.postgres.query<{ cancelled: boolean }>(
      `select pg_cancel_backend(pid) as cancelled from pg_stat_activity where wait_event = 'SyncRep' and query like 'INSERT%'`,
    );
    return waiting.some((row) => row.cancelled);
  });
  expect(cancelled).toBe(true);
  expect(await write).toMatchObject({ status: 503, json: { error: 'not-replicated' } });
  expect(await rows(us, 90)).toBe('1');
  expect(await call('us-east-1', '/payment-processing', { customer: 'acme', sequence: 90 })).toMatchObject({ status: 503 });
  await ap.postgres.start();
  await eventually('service', 10_000, async () => (await call('us-east-1', '/payment-processing', { customer: 'acme', sequence: 90 })).status === 200);
});

test('stale answers come with status 200 and an old time', async () => {
  await call('us-east-1', '/customer-api', { customer: 'acme', sequence: 100 });
  const since = new Date();
  writeFaults(us.service.faultsFile, { staleSince: since.toISOString() });
  for (const { path } of servedFunctions) {
    const { status, json } = await eventually('stale answers', 2_000, async () => {
      const answer = await call('us-east-1', `${path}/probe?write=fresh`);
      return answer.json.readBack !== 'fresh' && answer;
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ status: 'ok', written: 'fresh' });
    if (json.asOf !== null) expect(Date.parse(json.asOf as string)).toBeLessThanOrEqual(since.getTime());
  }
});

test('above its capacity it refuses and says when to come back', async () => {
  us.service.setCapacity(5);
  await eventually('the capacity', 2_000, async () => (await call('us-east-1', '/metrics')).text.includes('erlmcp_capacity_percent{site="us-east-1"} 5'));
  const answers = await Promise.all(Array.from({ length: 30 }, () => call('us-east-1', '/customer-api')));
  const refused = answers.filter(({ json }) => json.error === 'capacity');
  expect(refused.length).toBeGreaterThan(15);
  expect(refused.every(({ status, retryAfter }) => status === 503 && retryAfter === '1')).toBe(true);
  expect((await call('us-east-1', '/health')).status).toBe(200);
  us.service.setCapacity(100);
  await eventually('full capacity', 2_000, async () =>
    (await Promise.all(Array.from({ length: 30 }, () => call('us-east-1', '/customer-api')))).every(({ status }) => status === 200),
  );
});

test('a promoted standby takes writes by itself, sessions too when no replica is required', async () => {
  await us.kill();
  await ap.postgres.query('select pg_promote(true, 10)');
  await ap.redis.as(async (client) => {
    await client.replicaof('NO', 'ONE');
    await client.config('SET', 'min-replicas-to-write', '0');
  });
  for (const { path } of servedFunctions) {
    await eventually(`writes of ${path}`, 3_000, async () => (await call('ap-southeast-1', path, { customer: 'acme', sequence: 200 })).status === 200);
  }
});

test('it answers wrong requests with what to send', async () => {
  expect((await call('ap-southeast-1', '/customer-api', { customer: 'A B', sequence: 1 })).status).toBe(400);
  expect((await call('ap-southeast-1', '/customer-api/probe')).status).toBe(400);
  expect((await call('ap-southeast-1', '/other')).status).toBe(404);
});
