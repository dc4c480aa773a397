/** Goal: a comparison counts only against a server that went the same way. Method: real servers, one of which has gone another way and stands further on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createObserverSessions, type KeptSessions } from '../../activities/probing/sessions.ts';
import { compareCounts } from '../../activities/verification/counts.ts';
import { countReferences } from '../../activities/verification/references.ts';
import { loadPlan } from '../../plan/load.ts';
import type { FunctionProbe, Plan } from '../../plan/schema.ts';
import { createSecret } from '../../workers/dependencies.ts';
import { testNetwork } from '../site-agent/support.ts';
import { until } from '../support/until.ts';
import { OnePostgres } from './access/servers.ts';
import { RedisServer } from './aws/datastore.ts';

const planFolder = mkdtempSync(join(tmpdir(), 'dr-counts-'));
const databases = { lyon: new OnePostgres(`127.${testNetwork()}.79.1`), gent: new OnePostgres(`127.${testNetwork()}.79.2`) };
let caches: { readonly lyon: RedisServer; readonly gent: RedisServer };
let plan: Plan;
let sessions: KeptSessions;
const run = { runId: 'recovery/x', execution: 'recovery/x@1', planDigest: 'plan', epoch: 1 };

beforeAll(async () => {
  const [lyon, gent] = await Promise.all([RedisServer.start(), RedisServer.start(), databases.lyon.start(), databases.gent.start()]);
  caches = { lyon, gent };
  const library = (await loadPlan(join(import.meta.dirname, '../plans/library'))).plan;
  writeFileSync(join(planFolder, 'password'), 'test');
  const observer = { user: 'dr_observer', password: 'file:password' };
  const place = (site: 'lyon' | 'gent') => {
    const { address: host, port } = databases[site];
    return { ...library.estate.sites[site]!, database: { host, port }, cache: { host: '127.0.0.1', port: caches[site].port } };
  };
  const database = { driver: 'postgresql' as const, name: 'lending', observer, heartbeatTable: 'desk_heartbeat' };
  const cache = { driver: 'redis' as const, observer, replicaMaxLag: 'PT2S', writesWaitForReplicas: 0 };
  plan = { ...library, estate: { ...library.estate, database, cache, sites: { lyon: place('lyon'), gent: place('gent') } } };
  sessions = createObserverSessions({ planOf: async () => plan, secret: createSecret(planFolder, []) });
  for (const each of Object.values(databases)) {
    each.sql("create role dr_observer login password 'test'; grant pg_read_all_stats to dr_observer; grant select on loans to dr_observer");
    each.openTo('host lending dr_observer 127.0.0.0/8 scram-sha-256');
    await each.reload();
  }
});
afterAll(async () => {
  sessions?.close();
  await Promise.all([caches?.lyon.stop(), caches?.gent.stop(), databases.lyon.stop(), databases.gent.stop()]);
  rmSync(planFolder, { recursive: true, force: true });
});

describe('references', () => {
  const reference = { cacheKeys: 'cart:*:*', part: 2, table: 'loans', column: 'id' };
  const counted = async (change = {}) => {
    const restore = { database: { backup: 'x', systemIdentifier: '1' }, references: [{ ...reference, ...change }] };
    return countReferences({ sessions }, { ...plan, estate: { ...plan.estate, restore } }, run, 'gent');
  };

  test('are the keys whose row is not there, each key once', async () => {
    databases.gent.sql('insert into loans (id) values (701), (702)');
    for (const key of ['cart:701:1', 'cart:701:2', 'cart:702:1', 'cart:799:1', 'cart:799:2', "cart:it's:1", 'other:799:1'])
      await caches.gent.admin.set(key, 'x');
    expect(await counted()).toEqual([{ cacheKeys: 'cart:*:*', table: 'loans', counted: true, keys: 6, dangling: 3, example: '799' }]);
    databases.gent.sql('insert into loans (id) values (799)');
    expect(await counted(), 'a name that is no plain word is counted and not shown').toEqual([
      { cacheKeys: 'cart:*:*', table: 'loans', counted: true, keys: 6, dangling: 1 },
    ]);
    await caches.gent.admin.del("cart:it's:1");
    expect(await counted()).toEqual([{ cacheKeys: 'cart:*:*', table: 'loans', counted: true, keys: 5, dangling: 0 }]);
  });

  test('that cannot be counted say why', async () => {
    expect(await counted({ table: 'nowhere' })).toEqual([
      { cacheKeys: 'cart:*:*', table: 'nowhere', counted: false, reason: 'relation "nowhere" does not exist' },
    ]);
  });
});

async function compared(parts: Partial<FunctionProbe>): ReturnType<typeof compareCounts> {
  const probe = { function: 'loans', path: '/loans', tables: [], cacheKeys: [], ...parts };
  return compareCounts({ sessions }, run, { site: 'gent', reference: 'lyon' }, probe);
}

const nothingShown = { differences: [], remarks: ['lyon has not reached the same position; only what it has more was compared.'] };

describe('a reference that went another way, and further', () => {
  test('shows nothing of the tables', async () => {
    databases.lyon.sql('create table filler as select generate_series(1, 100000) as id');
    expect(await compared({ tables: ['loans'] })).toEqual(nothingShown);
  });

  test('shows nothing of the keys, before it follows the same primary', async () => {
    await caches.gent.admin.set('session:1', 'x');
    for (const key of ['other:1', 'other:2', 'other:3']) await caches.lyon.admin.set(key, 'x'.repeat(1000));
    expect(await compared({ cacheKeys: ['session:*'] })).toEqual(nothingShown);
    await caches.lyon.follow(caches.gent);
    await until('lyon follows gent', async () => ((await caches.lyon.isLinked()) ? true : undefined));
    expect(await compared({ cacheKeys: ['session:*'] })).toEqual({ differences: [], remarks: [] });
  });
});
