/** Goal: a session is kept for the next question, and whatever becomes of it costs no answer. Method: a real PostgreSQL and a real Redis, whose sessions are counted and ended by their administrators. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createObserverSessions, type KeptSessions } from '../../activities/probing/sessions.ts';
import { loadPlan } from '../../plan/load.ts';
import type { Plan } from '../../plan/schema.ts';
import { createSecret } from '../../workers/dependencies.ts';
import { testNetwork } from '../site-agent/support.ts';
import { until } from '../support/until.ts';
import { OnePostgres } from './access/servers.ts';
import { RedisServer } from './aws/datastore.ts';

const planFolder = mkdtempSync(join(tmpdir(), 'dr-sessions-'));
const postgres = new OnePostgres(`127.${testNetwork()}.80.1`);
const run = { runId: 'recovery/x', execution: 'recovery/x@1', planDigest: 'plan', epoch: 1 };
let redis: RedisServer;
let plan: Plan;
let sessions: KeptSessions;

beforeAll(async () => {
  [redis] = await Promise.all([RedisServer.start(), postgres.start()]);
  writeFileSync(join(planFolder, 'password'), 'test');
  const observer = { user: 'dr_observer', password: 'file:password' };
  postgres.sql("create role dr_observer login password 'test'");
  postgres.openTo('host lending dr_observer 127.0.0.0/8 scram-sha-256');
  await postgres.reload();
  const library = (await loadPlan(join(import.meta.dirname, '../plans/library'))).plan;
  const database = { driver: 'postgresql' as const, name: 'lending', observer, heartbeatTable: 'desk_heartbeat' };
  const cache = { driver: 'redis' as const, observer, replicaMaxLag: 'PT2S', writesWaitForReplicas: 0 };
  const place = { ...library.estate.sites['gent']!, database: { host: postgres.address, port: postgres.port }, cache: { host: '127.0.0.1', port: redis.port } };
  plan = { ...library, estate: { ...library.estate, database, cache, sites: { gent: place } } };
});
beforeEach(() => {
  sessions = createObserverSessions({ planOf: async () => plan, secret: createSecret(planFolder, []) });
});
afterEach(async () => {
  sessions.close();
  await until('the observer has gone', async () => (openSessions() === 0 ? true : undefined));
});
afterAll(async () => {
  await Promise.all([redis?.stop(), postgres.stop()]);
  rmSync(planFolder, { recursive: true, force: true });
});

const backend = (client: pg.Client) => client.query<{ pid: number }>('select pg_backend_pid() as pid').then(({ rows }) => rows[0]?.pid);
const asDatabase = () => sessions.database(run, 'gent', backend);
const openSessions = () => Number(postgres.sql("select count(*) from pg_stat_activity where usename = 'dr_observer'"));

test('the next question goes to the session of the one before', async () => {
  const first = await asDatabase();
  expect(await asDatabase()).toBe(first);
  const before = Number(/total_connections_received:(\d+)/.exec(await redis.admin.info('stats'))?.[1]);
  for (let times = 0; times < 3; times++) await sessions.cache(run, 'gent', (client) => client.ping());
  expect(Number(/total_connections_received:(\d+)/.exec(await redis.admin.info('stats'))?.[1])).toBe(before + 1);
});

test('questions at once have a session each, and four of those are kept', async () => {
  const asked = await Promise.all(Array.from({ length: 7 }, asDatabase));
  expect(new Set(asked).size).toBe(7);
  await until('the others have ended', async () => (openSessions() === 4 ? true : undefined));
});

test('a session that the server has ended costs no answer', async () => {
  const first = await asDatabase();
  postgres.sql(`select pg_terminate_backend(${first})`);
  const second = await asDatabase();
  expect(second).not.toBe(first);
  await sessions.cache(run, 'gent', (client) => client.ping());
  await redis.admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  expect(await sessions.cache(run, 'gent', (client) => client.ping())).toBe('PONG');
});

test('one that ends while it is asked is asked again on another; what a server answers is not', async () => {
  await asDatabase();
  let times = 0;
  const ended = sessions.database(run, 'gent', async (client) => {
    times += 1;
    const pid = await backend(client);
    if (times === 1) postgres.sql(`select pg_terminate_backend(${pid})`);
    return backend(client);
  });
  expect(await ended).toBeGreaterThan(0);
  expect(times).toBe(2);
  const refused = sessions.database(run, 'gent', (client) => {
    times += 1;
    return client.query('select * from loans');
  });
  await expect(refused).rejects.toMatchObject({ code: '42501' });
  expect(times).toBe(3);
});

test('a new session that fails is not tried again', async () => {
  const kept = plan;
  plan = { ...plan, estate: { ...plan.estate, sites: { gent: { ...plan.estate.sites['gent']!, database: { host: postgres.address, port: 1 } } } } };
  await expect(asDatabase()).rejects.toThrow('ECONNREFUSED');
  plan = kept;
});

test('nothing is kept once all are to end', async () => {
  sessions.close();
  await asDatabase();
  await until('it has ended', async () => (openSessions() === 0 ? true : undefined));
});
