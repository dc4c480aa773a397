/** Goal: however AWS answers a call of a restore, the end is the same, and nothing is made twice. Method: each call of a whole restore meets a throttled answer, one that says 503, and one that is lost once the call has taken effect; what is transient is tried again, as a run does. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { elastiCacheRestoreOperations } from '../../../activities/restore/aws/elasticache-operations.ts';
import { rdsRestoreOperations } from '../../../activities/restore/aws/rds-operations.ts';
import type { Fault } from '../../../lab/aws/proxy.ts';
import { RestoredStores, run, whileItHeals } from './restored-stores.ts';

const at = { run, site: 'dr' } as const;
const database = { ...at, id: '4.restore-database.1', by: 'rds' } as const;
const cache = { ...at, store: 'cache', id: '4.restore-cache.1', by: 'elasticache' } as const;
const faults: readonly Fault[] = ['throttled', 'unavailable', 'reply lost'];
let stores: RestoredStores;
let restores: ReturnType<RestoredStores['drivers']>['restores'];
let jobs: ReturnType<RestoredStores['drivers']>['jobs'];

beforeAll(async () => {
  stores = await RestoredStores.start();
  ({ restores, jobs } = stores.drivers());
}, 120_000);
afterAll(async () => stores?.stop());
beforeEach(async () => stores.readPlan());
afterEach(async () => stores.emptyTarget());

/** From the points to an accepted store. */
async function wholeDatabase(): Promise<void> {
  const { snapshot: point } = stores.moments;
  await whileItHeals(async () => restores.readRestorePoints(at));
  expect(await stores.carryOut(database, database.id, () => restores.restoreDatabase({ ...database, set: 'nightly', point }))).toBe('done');
  await whileItHeals(() => restores.admitServices({ ...at, store: 'database' }));
  await whileItHeals(() => restores.acceptRestored(at));
  const backup = { ...at, id: '4.first-backup.1', by: 'rds' } as const;
  expect(await stores.carryOut(backup, backup.id, () => restores.backUpRestored(backup))).toMatch(/^done/);
}

async function wholeCache(): Promise<void> {
  await whileItHeals(async () => restores.readSnapshots(cache));
  expect(await stores.carryOut(cache, cache.id, () => restores.restoreSnapshot({ ...cache, set: 'sessions-1' }))).toBe('done');
  await whileItHeals(() => restores.admitServices(cache));
}

const made = (action: string) => stores.proxy.changes().filter((each) => each === action).length;

describe('a database', () => {
  const others = ['RestoreDBInstanceToPointInTime', 'DeleteDBInstance'];
  const actions = Object.keys(rdsRestoreOperations.operations).filter((action) => !others.includes(action));
  test.each(actions)('%s is throttled, unavailable, and done without a reply', { timeout: 60_000 }, async (action) => {
    stores.proxy.faults.set(action, [...faults]);
    await wholeDatabase();
    expect(stores.proxy.faults.get(action), 'it was met').toEqual([]);
    expect([made('RestoreDBInstanceFromDBSnapshot'), made('CreateDBSnapshot'), stores.rds.instances.size]).toEqual([1, 1, 1]);
    const [instance] = stores.rds.instances.values();
    expect(instance?.tags.get('dr-stage')).toBe('accepted');
    expect(instance?.settings.get('DeletionProtection')).toBe('true');
    expect(stores.rds.snapshots.map(({ name }) => name)).toEqual(['nightly', 'erlmcp-dr-4-first-backup-1']);
  });

  test.each(['DeleteDBInstance'])('%s is throttled, unavailable, and done without a reply', { timeout: 60_000 }, async (action) => {
    await stores.carryOut(database, database.id, () => restores.restoreDatabase({ ...database, set: 'nightly', point: stores.moments.snapshot }));
    stores.proxy.faults.set(action, [...faults]);
    await whileItHeals(() => restores.discardRestored({ ...at, store: 'database' }));
    expect([stores.rds.instances.size, made('DeleteDBInstance')]).toEqual([0, 1]);
  });

  test.each(['RestoreDBInstanceToPointInTime'])('%s is throttled, unavailable, and done without a reply', { timeout: 60_000 }, async (action) => {
    stores.proxy.faults.set(action, [...faults]);
    const set = 'automatic-backups-of-db-ABCDEF';
    expect(await stores.carryOut(database, database.id, () => restores.restoreDatabase({ ...database, set, point: stores.moments.chosen }))).toBe('done');
    expect([stores.rds.instances.size, made('RestoreDBInstanceToPointInTime')]).toEqual([1, 1]);
  });
});

describe('a cache', () => {
  const actions = Object.keys(elastiCacheRestoreOperations.operations).filter((action) => action !== 'DeleteReplicationGroup');
  test.each(actions)('%s is throttled, unavailable, and done without a reply', { timeout: 60_000 }, async (action) => {
    stores.proxy.faults.set(action, [...faults]);
    await wholeCache();
    expect(stores.proxy.faults.get(action), 'it was met').toEqual([]);
    expect([made('CreateReplicationGroup'), stores.elasticache.groups.size]).toEqual([1, 1]);
    const [group] = stores.elasticache.groups.values();
    expect([group?.tags.get('dr-stage'), await stores.keys()]).toEqual(['admitted', 300]);
  });

  test.each(['DeleteReplicationGroup'])('%s is throttled, unavailable, and done without a reply', { timeout: 60_000 }, async (action) => {
    await stores.carryOut(cache, cache.id, () => restores.restoreSnapshot({ ...cache, set: 'sessions-1' }));
    stores.proxy.faults.set(action, [...faults]);
    await whileItHeals(() => restores.discardRestored(cache));
    expect([stores.elasticache.groups.size, made('DeleteReplicationGroup'), stores.elasticache.snapshots.length]).toEqual([0, 1, 1]);
  });
});

test('nothing is called that the drivers do not declare', { timeout: 60_000 }, async () => {
  await wholeDatabase();
  await wholeCache();
  await jobs.watchJob({ ...cache, withinSeconds: 0 });
  const called = new Set(stores.proxy.calls.map(({ service, action }) => `${service}:${action}`));
  const declared: ReadonlySet<string> = new Set(
    [rdsRestoreOperations, elastiCacheRestoreOperations].flatMap(({ service, operations }) => Object.keys(operations).map((name) => `${service}:${name}`)),
  );
  expect([...called].filter((each) => !declared.has(each))).toEqual([]);
  expect([...declared].filter((each) => /:Delete\w*(Snapshot|Backup)/.test(each))).toEqual([]);
});
