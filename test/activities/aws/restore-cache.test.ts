/** Goal: a cache comes back by ElastiCache, closed until services are let in, and what is in it is counted. Method: the API's stand-in as strict as AWS, a real Redis made of a real snapshot behind its name. Nothing here is AWS itself. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RestoredStores, run } from './restored-stores.ts';
import { heldBy } from './support.ts';

const at = { run, site: 'dr' } as const;
const cache = { ...at, store: 'cache' } as const;
const job = { ...cache, id: '4.restore-cache.1', by: 'elasticache' } as const;
let stores: RestoredStores;
let restores: ReturnType<RestoredStores['drivers']>['restores'];
let jobs: ReturnType<RestoredStores['drivers']>['jobs'];

const restore = (id: string = job.id, set = 'sessions-1') => stores.carryOut(job, id, () => restores.restoreSnapshot({ ...job, id, set }));
const made = () => stores.elasticache.groups.get('erlmcp-dr');
const groups = () => made()?.groups.map(({ id }) => id);
const only = async () => {
  const found = await restores.readSnapshots(cache);
  if (!found.found) throw new Error(found.reason);
  return found.snapshots[0];
};

beforeAll(async () => {
  stores = await RestoredStores.start();
  ({ restores, jobs } = stores.drivers());
}, 120_000);
afterAll(async () => stores?.stop());
beforeEach(async () => stores.readPlan());
afterEach(async () => stores.emptyTarget());

describe('what can be restored', () => {
  test('a snapshot, with the moment at which its node was read', async () => {
    expect(await only()).toEqual({ set: 'sessions-1', at: stores.moments.snapshot, bytes: 1024 ** 2, version: '7.0.15' });
  });

  test.each([
    ['another partition', { arn: 'arn:aws-us-gov:elasticache:us-gov-west-1:1:snapshot:s' }, /of the partition aws-us-gov, and eu-west-1 of aws/],
    ['that is being made', { status: 'creating' }, 'it is creating'],
    ['several shards', { shards: 3 }, /^it has 3 shards/],
  ])('not one of %s', async (_what, change, why) => {
    stores.elasticache.snapshots.splice(0, 1, { ...stores.elasticache.snapshots[0], ...change } as never);
    expect((await only())?.unusable).toMatch(why);
    await expect(restore()).rejects.toMatchObject({ type: 'refused' });
    expect(stores.elasticache.groups.size).toBe(0);
  });

  test('not one that does not exist: an emulator would make an empty group of it', async () => {
    await expect(restore(job.id, 'never-made')).rejects.toMatchObject({ type: 'refused', message: expect.stringContaining('there is no such snapshot') });
    expect(stores.proxy.calls.map(({ action }) => action)).not.toContain('CreateReplicationGroup');
  });
});

describe('a restore', () => {
  test('has the keys of the snapshot, is closed until services are let in, and accepted with the database', { timeout: 60_000 }, async () => {
    expect(await restore()).toBe('done');
    expect(await stores.keys()).toBe(300);
    const restored = await restores.readRestored(cache);
    expect(restored).toMatchObject({ stage: 'proven', by: run.execution, server: 'running' });
    expect(restored.proof).toMatchObject({
      keys_in_set: '300',
      keys_after: '300',
      expired_since: '0',
      engine: expect.stringMatching(/^Redis 7/),
      made_as: 'cache.r6g.large',
    });
    expect(groups()).toEqual(['sg-0c105ed0']);
    await restores.admitServices(cache);
    expect(groups()).toEqual(['sg-0e4e4e00', 'sg-0f00f00f']);
    const database = { ...at, id: '4.restore-database.1', by: 'rds' } as const;
    await stores.carryOut(database, database.id, () => restores.restoreDatabase({ ...database, set: 'nightly', point: stores.moments.snapshot }));
    await restores.admitServices({ ...at, store: 'database' });
    expect((await restores.acceptRestored(at)).after).toMatch(/The DB instance erlmcp-dr is open.*; The replication group erlmcp-dr is open/);
    expect((await restores.readRestored(cache)).stage).toBe('accepted');
    await expect(restores.discardRestored(cache)).rejects.toMatchObject({ type: 'refused' });
    made()?.course.go([['snapshotting', 60_000]], 'available');
    const later = { ...cache, run: { ...run, execution: `${run.runId}@5`, epoch: 5 } };
    stores.held = heldBy(later.run, 'dr');
    await expect(restores.discardRestored(later), 'of which AWS tells no tags meanwhile').rejects.toMatchObject({ type: 'transient' });
    expect(made()).toBeDefined();
  });

  test('whose settings AWS left at its defaults has them set and read back', { timeout: 60_000 }, async () => {
    for (const key of ['SnapshotRetentionLimit', 'MultiAZEnabled', 'AutomaticFailoverEnabled', 'SecurityGroupIds']) stores.elasticache.forgets.add(key);
    expect(await restore()).toBe('done');
    expect(Object.fromEntries(made()?.settings ?? [])).toMatchObject({ SnapshotRetentionLimit: '7', MultiAZEnabled: 'true' });
    expect(groups()).toEqual(['sg-0c105ed0']);
  });

  test('of a snapshot that came out empty is not proven', { timeout: 60_000 }, async () => {
    stores.elasticache.snapshots.splice(0, 1, { ...stores.elasticache.snapshots[0], name: 'empty' } as never);
    await expect(restore(job.id, 'empty')).rejects.toMatchObject({ type: 'permanent', message: expect.stringContaining('has loaded no key') });
  });

  test('no room is the next type, told in the proof', { timeout: 60_000 }, async () => {
    stores.elasticache.noRoom.add('cache.r6g.large');
    expect(await restore()).toBe('done');
    expect((await restores.readRestored(cache)).proof['made_as']).toBe('cache.m6g.large since AWS had no room in cache.r6g.large');
  });

  test('a quota is for people, with the way out', async () => {
    stores.elasticache.quota = 0;
    await expect(restore()).rejects.toMatchObject({ type: 'permanent', message: expect.stringMatching(/NodeQuota.* Have the quota of this account raised/) });
  });

  test('is found while AWS tells no tags of it yet, and another run leaves it alone', { timeout: 60_000 }, async () => {
    await restores.restoreSnapshot({ ...job, set: 'sessions-1' });
    expect(await restores.restoreSnapshot({ ...job, set: 'sessions-1' })).toMatchObject({ after: 'running', changed: false });
    expect(await restores.readRestored(cache)).toMatchObject({ stage: 'begun', by: run.execution });
    const other = { ...job, run: { ...run, execution: `${run.runId}@5`, epoch: 5 } };
    await expect(restores.restoreSnapshot({ ...other, set: 'sessions-1' })).rejects.toMatchObject({
      type: 'refused',
      message: expect.stringContaining(`made by ${run.execution}`),
    });
    expect(await restores.discardRestored(cache)).toMatchObject({ after: 'discarded' });
    expect([stores.elasticache.groups.size, stores.elasticache.snapshots.length]).toEqual([0, 1]);
  });

  test('that is made cannot be cancelled, which is told, and is found by who tries again', { timeout: 60_000 }, async () => {
    await restores.restoreSnapshot({ ...job, set: 'sessions-1' });
    expect(await jobs.cancelJob(job)).toMatchObject({
      before: 'running',
      after: 'running',
      remaining: [expect.stringContaining('is being made all the same')],
    });
    expect(await restore()).toBe('done');
    expect(stores.proxy.changes().filter((action) => action === 'CreateReplicationGroup')).toHaveLength(1);
  });
});
