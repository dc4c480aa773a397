/** Goal: a session is kept for the next question, and whatever becomes of it costs no answer. Method: a real PostgreSQL and a real Redis, whose sessions are counted and ended by their administrators. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { judgeDatabaseError } from '../../activities/detection/checks.ts';
import { createObserverSessions, type KeptSessions } from '../../activities/probing/sessions.ts';
import { openDatabase } from '../../activities/probing/stores.ts';
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
let asPlanned: Plan;
let plan: Plan;
let sessions: KeptSessions;

beforeAll(async () => {
  [redis] = await Promise.all([RedisServer.start(), postgres.start()]);
  writeFileSync(join(planFolder, 'password'), 'test');
  const observer = { user: 'dr_observer', password: 'file:password' };
  postgres.sql("create role dr_observer login password 'test'");
  postgres.openTo('host lending,postgres dr_observer 127.0.0.0/8 scram-sha-256');
  await postgres.reload();
  const library = (await loadPlan(join(import.meta.dirname, '../plans/library'))).plan;
  const database = { driver: 'postgresql' as const, name: 'lending', observer, heartbeatTable: 'desk_heartbeat' };
  const cache = { driver: 'redis' as const, observer, replicaMaxLag: 'PT2S', writesWaitForReplicas: 0 };
  const place = { ...library.estate.sites['gent']!, database: { host: postgres.address, port: postgres.port }, cache: { host: '127.0.0.1', port: redis.port } };
  asPlanned = { ...library, estate: { ...library.estate, database, cache, sites: { gent: place } } };
});
beforeEach(() => {
  plan = asPlanned;
  sessions = createObserverSessions({ planOf: async () => plan, secret: createSecret(planFolder, []) });
});
afterEach(async () => {
  vi.useRealTimers();
  sessions.close();
  await until('the observer has gone', async () => (openSessions() === 0 ? true : undefined));
});
afterAll(async () => {
  await Promise.all([redis?.stop(), postgres.stop()]);
  rmSync(planFolder, { recursive: true, force: true });
});

const backend = (client: pg.Client) => client.query<{ pid: number }>('select pg_backend_pid() as pid').then(({ rows }) => rows[0]?.pid);
const asDatabase = () => sessions.database(run, 'gent', backend);
const estate = (parts: Partial<Plan['estate']>) => (plan = { ...asPlanned, estate: { ...asPlanned.estate, ...parts } });
const openSessions = () => Number(postgres.sql("select count(*) from pg_stat_activity where usename = 'dr_observer'"));

test('the next question goes to the session of the one before', async () => {
  const first = await asDatabase();
  expect(await asDatabase()).toBe(first);
  const before = Number(/total_connections_received:(\d+)/.exec(await redis.admin.info('stats'))?.[1]);
  for (let times = 0; times < 3; times++) await sessions.cache(run, 'gent', (client) => client.ping());
  expect(Number(/total_connections_received:(\d+)/.exec(await redis.admin.info('stats'))?.[1])).toBe(before + 1);
});

test('questions at once have a session each, and two of those are kept', async () => {
  const asked = await Promise.all(Array.from({ length: 7 }, asDatabase));
  expect(new Set(asked).size).toBe(7);
  await until('the others have ended', async () => (openSessions() === 2 ? true : undefined));
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
  estate({ sites: { gent: { ...plan.estate.sites['gent']!, database: { host: postgres.address, port: 1 } } } });
  await expect(asDatabase()).rejects.toThrow('ECONNREFUSED');
});

test('nothing is kept once all are to end', async () => {
  sessions.close();
  await asDatabase();
  await until('it has ended', async () => (openSessions() === 0 ? true : undefined));
});

test('a plan that says otherwise never has a session of one that was opened without it', async () => {
  const asked = (sql: string) => sessions.database(run, 'gent', async (client) => (await client.query<{ is: string }>(`select ${sql} as is`)).rows[0]?.is);
  const { database, detection } = asPlanned.estate;
  const first = await asDatabase();
  estate({ database: { ...database, name: 'postgres' } });
  expect(await asked('current_database()')).toBe('postgres');
  estate({ detection: { ...detection, probeTimeout: 'PT7S' } });
  expect(await asked("current_setting('statement_timeout')")).toBe('7s');
  estate({ database: { ...database, tls: true } });
  await expect(asDatabase()).rejects.toThrow('does not support SSL');
  plan = asPlanned;
  expect(await sessions.database({ ...run, planDigest: 'another' }, 'gent', backend)).not.toBe(first);
  expect(await asDatabase()).toBe(first);
});

const code = (text: string) => Object.assign(new Error(`write ${text}`), { code: text });

test.each<readonly [string, number, (client: pg.Client) => Promise<unknown>]>([
  ['the word of the work itself', 1, () => Promise.reject(ApplicationFailure.nonRetryable('it stands still'))],
  ['a pause that was ended', 1, () => delay(60_000, undefined, { signal: AbortSignal.abort() })],
  ['a statement that took too long', 1, (client) => client.query('set statement_timeout = 1; select pg_sleep(10)')],
  ['a connection that broke while it was written to', 2, () => Promise.reject(code('EPIPE'))],
  ['a connection that was reset', 2, () => Promise.reject(code('ECONNRESET'))],
])('%s: is asked %i times', async (_what, expected, work) => {
  await asDatabase();
  let times = 0;
  const asked = sessions.database(run, 'gent', (client) => {
    times += 1;
    return work(client);
  });
  await expect(asked).rejects.toThrow();
  expect(times).toBe(expected);
});

test('a refusal of the server is a sign of life, and a connection that breaks is none', async () => {
  const refused = await openDatabase(plan, 'gent', { password: 'wrong' }, 5_000).catch((error: unknown) => error);
  expect(judgeDatabaseError(refused)).toMatchObject({ ok: true });
  expect(judgeDatabaseError(code('EPIPE'))).toEqual({ ok: false, detail: 'write EPIPE' });
});

test('a session ends after four minutes without a question, and after five minutes with them', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const first = await asDatabase();
  vi.advanceTimersByTime(239_000);
  expect(await asDatabase()).toBe(first);
  vi.advanceTimersByTime(61_000);
  const second = await asDatabase();
  expect(second).not.toBe(first);
  vi.advanceTimersByTime(240_000);
  expect(await asDatabase()).not.toBe(second);
  // One that is asked for longer is not given back.
  const third = await sessions.database(run, 'gent', async (client) => {
    const pid = await backend(client);
    vi.advanceTimersByTime(300_000);
    return pid;
  });
  expect(await asDatabase()).not.toBe(third);
});

test('the end of a session does not wait for a server that is not heard of any more', async () => {
  // Hands on what is said, and never that anybody has hung up.
  const relay = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: postgres.address, port: postgres.port, allowHalfOpen: true });
    near.pipe(far, { end: false });
    far.pipe(near, { end: false });
    near.once('end', () => far.destroy());
    ends.push(near);
  }).listen(0, '127.0.0.1');
  const ends: { destroy(): void }[] = [];
  await once(relay, 'listening');
  estate({ sites: { gent: { ...plan.estate.sites['gent']!, database: { host: '127.0.0.1', port: (relay.address() as AddressInfo).port } } } });
  const { stream } = await sessions.database(run, 'gent', async (client) => client.connection);
  sessions.close();
  await until('the connection is given up', async () => (stream.destroyed ? true : undefined));
  for (const end of ends) end.destroy();
  relay.close();
});
