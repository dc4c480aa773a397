/** Goal: a database comes back by RDS, closed until people accept it, and what is in it is proven. Method: the API's stand-in as strict as AWS, a real PostgreSQL made of a real backup behind each snapshot's name. Nothing here is AWS itself. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkRestoreAtAws } from '../../../activities/access/restore-aws.ts';
import { RestoredStores, run } from './restored-stores.ts';

const at = { run, site: 'dr' } as const;
const database = { ...at, store: 'database' } as const;
const job = { ...at, id: '4.restore-database.1', by: 'rds' } as const;
const automatic = 'automatic-backups-of-db-ABCDEF';
let stores: RestoredStores;
let restores: ReturnType<RestoredStores['drivers']>['restores'];
let jobs: ReturnType<RestoredStores['drivers']>['jobs'];

const restore = (set: string, point: string, id: string = job.id) => stores.carryOut(job, id, () => restores.restoreDatabase({ ...job, id, set, point }));
const made = () => stores.rds.instances.get('erlmcp-dr');
const groups = () => made()?.groups.map(({ id }) => id);
const points = async () => {
  const found = await restores.readRestorePoints(at);
  if (!found.found) throw new Error(found.reason);
  return found.sets;
};
const reasons = async () => Object.fromEntries((await points()).map(({ set, unusable }) => [set, unusable]));

beforeAll(async () => {
  stores = await RestoredStores.start();
  ({ restores, jobs } = stores.drivers());
}, 120_000);
afterAll(async () => stores?.stop());
beforeEach(async () => stores.readPlan());
afterEach(async () => stores.emptyTarget());

describe('what can be restored', () => {
  test('a snapshot to its moment, and automatic backups to any of their window', async () => {
    const { snapshot, after } = stores.moments;
    expect((await points()).map(({ set, earliest, latest, unusable }) => ({ set, earliest, latest, unusable }))).toEqual([
      { set: 'nightly', earliest: snapshot, latest: snapshot, unusable: undefined },
      { set: automatic, earliest: snapshot, latest: after, unusable: undefined },
    ]);
  });

  test.each([
    [
      'another region',
      (snapshot: { arn: string }) => (snapshot.arn = snapshot.arn.replace('eu-west-1', 'us-east-1')),
      'it is in us-east-1, and not in eu-west-1: copy it there',
    ],
    [
      'another partition',
      (snapshot: { arn: string }) => (snapshot.arn = snapshot.arn.replace('arn:aws:', 'arn:aws-us-gov:')),
      /^it is of the partition aws-us-gov, and eu-west-1 of aws/,
    ],
    ['that is being made', (snapshot: { status: string }) => (snapshot.status = 'creating'), 'it is creating'],
    [
      'another version',
      (snapshot: { engineVersion: string }) => (snapshot.engineVersion = '16.4'),
      /^it is of PostgreSQL 16\.4, and the parameter group erlmcp-dr is of postgres15/,
    ],
    ['a key of another region', (snapshot: { kmsKey?: string }) => (snapshot.kmsKey = 'arn:aws:kms:us-east-1:1:key/a'), /^its key is of us-east-1/],
  ])('not a snapshot of %s', async (_what, change, why) => {
    change(stores.rds.snapshots[0] as never);
    expect((await reasons())['nightly']).toMatch(why);
    await expect(restores.restoreDatabase({ ...job, set: 'nightly', point: stores.moments.snapshot })).rejects.toMatchObject({ type: 'refused' });
    expect(stores.proxy.changes()).toEqual([]);
  });

  test('of another account only what the plan names', async () => {
    const shared = { ...stores.rds.snapshots[0], arn: 'arn:aws:rds:eu-west-1:999999999999:snapshot:theirs', name: 'theirs' } as never;
    stores.rds.snapshots.push(shared);
    expect(Object.keys(await reasons())).not.toContain('theirs');
    stores.withTargets((rds) => (rds.source.account = '999999999999'));
    expect(await reasons()).toMatchObject({ theirs: undefined, nightly: 'it is of the account 123456789012, and not of 999999999999' });
  });

  test('a parameter group that is not there is told', async () => {
    stores.rds.parameterGroups.delete('erlmcp-dr');
    expect((await reasons())['nightly']).toBe('there is no parameter group erlmcp-dr in eu-west-1: make it');
  });

  test('an API that refuses is a reason', async () => {
    stores.proxy.faults.set('DescribeDBSnapshots', ['denied']);
    expect(await restores.readRestorePoints(at)).toMatchObject({ found: false, reason: expect.stringContaining('AccessDenied') });
  });

  test.each([
    ['before the window', '2026-01-01T00:00:00.000000Z', 'its first moment is'],
    ['after the window', '2099-01-01T00:00:00.000000Z', 'its last moment is'],
  ])('no moment %s', async (_what, point, why) => {
    await expect(restores.restoreDatabase({ ...job, set: automatic, point })).rejects.toMatchObject({ type: 'refused', message: expect.stringContaining(why) });
    expect(await restores.lookAtRestore({ ...at, set: automatic, point })).toMatchObject({ ready: false, reason: expect.stringContaining(why) });
    expect(stores.proxy.changes()).toEqual([]);
  });
});

test('the end of the window is in it, however many digits people write', async () => {
  const point = stores.moments.after.replace('000Z', 'Z');
  expect(await restores.lookAtRestore({ ...at, set: automatic, point })).toMatchObject({ ready: true });
});

describe('the estate check', () => {
  const check = async () =>
    (await checkRestoreAtAws(stores.plan, run, 'dr', stores.drivers().dependencies)).map(({ result, detail }) => `${result}: ${detail}`);

  test('tells what can be restored, and changes nothing', async () => {
    expect(await check()).toEqual([
      `ok: 2 snapshots and automatic backups; restorable until ${stores.moments.after}`,
      `ok: 1 snapshots; the newest is of ${stores.moments.snapshot}`,
    ]);
    expect(stores.proxy.changes()).toEqual([]);
  });

  test('finds that nothing is there, that something stands in the way, and a right that is lacking', { timeout: 60_000 }, async () => {
    stores.rds.snapshots.length = 0;
    stores.rds.automatic.length = 0;
    expect((await check())[0]).toBe('lacking: Nothing can be restored: there is no snapshot. Look there: dr restore points');
    await stores.emptyTarget();
    await restore('nightly', stores.moments.snapshot);
    expect((await check())[0]).toMatch(/^lacking: The DB instance erlmcp-dr is there already, made by recovery/);
    stores.proxy.faults.set('DescribeDBSnapshots', ['denied']);
    const [denied] = await checkRestoreAtAws(stores.plan, run, 'dr', stores.drivers().dependencies);
    expect(denied).toMatchObject({
      result: 'lacking',
      add: { where: 'IAM policy of this identity', line: expect.stringContaining('rds:RestoreDBInstanceToPointInTime') },
    });
    expect(denied?.add?.line).not.toMatch(/Delete\w*(Snapshot|Backup)/);
  });
});

describe('a restore', () => {
  test('to a moment holds what was committed until then, and nothing after it; nobody is let in before people accept', { timeout: 60_000 }, async () => {
    const { chosen } = stores.moments;
    expect(await restore(automatic, chosen)).toBe('done');
    const restored = await restores.readRestored(database);
    expect(restored).toMatchObject({
      stage: 'proven',
      by: run.execution,
      inPlace: true,
      server: 'running',
      proof: { rows_read: '2150 in 1 tables', made_as: 'db.r6g.large' },
    });
    expect(restored.proof['last_commit_applied']).toMatch(/^2026-.*Z$/);
    expect((restored.proof['last_commit_applied'] ?? '') <= chosen).toBe(true);
    expect(await stores.sql("select count(*)::int as rows, max(sequence)::int as last from payments where token like 'token-%'")).toEqual([
      { rows: 150, last: 150 },
    ]);
    expect(groups()).toEqual(['sg-0c105ed0']);
    expect(made()?.settings.get('PubliclyAccessible')).toBe('false');
    expect(made()?.settings.get('DeletionProtection')).toBe('false');

    expect(await restores.admitServices(database)).toMatchObject({ changed: true });
    expect(groups()).toEqual(['sg-0e4e4e00', 'sg-0f00f00f']);
    expect((await restores.readRestored(database)).stage).toBe('admitted');
    expect(await restores.acceptRestored(at)).toMatchObject({ changed: true, after: expect.stringContaining('is open') });
    expect(made()?.settings.get('DeletionProtection')).toBe('true');
    expect(made()?.settings.get('BackupRetentionPeriod')).toBe('7');
    expect(await restores.acceptRestored(at), 'an answer that was lost').toMatchObject({ changed: false });
    await expect(restores.discardRestored(database)).rejects.toMatchObject({ type: 'refused', message: expect.stringContaining('is accepted') });

    const backup = { ...at, id: '4.first-backup.1', by: 'rds' } as const;
    expect(await restores.backUpRestored(backup)).toMatchObject({ after: 'running', changed: true });
    expect(await restores.backUpRestored(backup), 'an answer that was lost').toMatchObject({ changed: false });
    expect(await jobs.watchJob({ ...backup, withinSeconds: 10 })).toMatchObject({ state: 'done', lastLine: expect.stringContaining('is available') });
    expect(stores.rds.snapshots.map(({ name }) => name)).toEqual(['nightly', 'erlmcp-dr-4-first-backup-1']);
  });

  test('of a snapshot holds its moment', { timeout: 60_000 }, async () => {
    expect(await restore('nightly', stores.moments.snapshot)).toBe('done');
    expect((await restores.readRestored(database)).proof).toMatchObject({ rows_read: '2100 in 1 tables', engine: 'PostgreSQL 15.18' });
  });

  test('whose settings AWS left at its defaults has them set and read back', { timeout: 60_000 }, async () => {
    for (const key of ['BackupRetentionPeriod', 'MultiAZ', 'PubliclyAccessible', 'VpcSecurityGroupIds']) stores.rds.forgets.add(key);
    expect(await restore('nightly', stores.moments.snapshot)).toBe('done');
    expect(Object.fromEntries(made()?.settings ?? [])).toMatchObject({ BackupRetentionPeriod: '7', MultiAZ: 'true', PubliclyAccessible: 'false' });
    expect(groups()).toEqual(['sg-0c105ed0']);
  });

  test('whose order for settings lost its answer is waited for, and not changed while AWS still changes it', { timeout: 60_000 }, async () => {
    expect(await restore('nightly', stores.moments.snapshot)).toBe('done');
    const orders = () => stores.proxy.changes().filter((action) => action === 'ModifyDBInstance').length;
    const before = orders();
    stores.proxy.faults.set('ModifyDBInstance', ['reply lost']);
    await expect(restores.admitServices(database)).rejects.toMatchObject({ type: 'transient' });
    await restores.admitServices(database);
    expect(orders()).toBe(before + 1);
    expect(groups()).toEqual(['sg-0e4e4e00', 'sg-0f00f00f']);
  });

  test('that holds what was written after the moment is not proven', { timeout: 60_000 }, async () => {
    const before = new Date(Date.parse(stores.moments.snapshot) - 60_000);
    stores.rds.snapshots.splice(0, 1, { ...stores.rds.snapshots[0], at: before } as never);
    await expect(restore('nightly', before.toISOString().replace('Z', '000Z'))).rejects.toMatchObject({
      type: 'permanent',
      message: expect.stringMatching(/holds what was written at .*, after .*, which was chosen/),
    });
    expect((await restores.readRestored(database)).stage).toBe('begun');
    await expect(restores.admitServices(database)).rejects.toMatchObject({ type: 'refused' });
    expect(groups()).toEqual(['sg-0c105ed0']);
  });

  test('of another cluster is not proven', { timeout: 60_000 }, async () => {
    stores.withTargets((rds) => (rds.systemIdentifier = '1'));
    await expect(restore('nightly', stores.moments.snapshot)).rejects.toMatchObject({
      type: 'permanent',
      message: expect.stringContaining('is of the cluster'),
    });
  });

  test('that is not where the plan leads is not proven', { timeout: 60_000 }, async () => {
    const restored = stores.plan.estate.sites['dr']?.restore?.database;
    if (restored) restored.host = '127.0.0.9';
    await expect(restore('nightly', stores.moments.snapshot)).rejects.toMatchObject({
      type: 'permanent',
      message: expect.stringContaining('The plan has 127.0.0.9:5432'),
    });
  });
});

describe('what AWS says no to', () => {
  test('no room is the next class, told in the proof', { timeout: 60_000 }, async () => {
    stores.rds.noRoom.add('db.r6g.large');
    expect(await restore('nightly', stores.moments.snapshot)).toBe('done');
    expect((await restores.readRestored(database)).proof['made_as']).toBe('db.m6g.large since AWS had no room in db.r6g.large');
  });

  test('no room that shows later is the next class too', { timeout: 60_000 }, async () => {
    stores.rds.noRoomLater.add('db.r6g.large');
    expect(await restore('nightly', stores.moments.snapshot)).toBe('done');
    expect(made()?.class).toBe('db.m6g.large');
  });

  test('zones are tried in each class', { timeout: 60_000 }, async () => {
    stores.withTargets((rds) => Object.assign(rds, { multiAz: false, zones: ['eu-west-1a', 'eu-west-1b'] }));
    stores.rds.noRoom.add('db.r6g.large eu-west-1a');
    expect(await restore('nightly', stores.moments.snapshot)).toBe('done');
    expect((await restores.readRestored(database)).proof['made_as']).toBe('db.r6g.large eu-west-1b since AWS had no room in db.r6g.large eu-west-1a');
  });

  test.each([
    [
      'no room anywhere',
      (): void => ['db.r6g.large', 'db.m6g.large'].forEach((each) => stores.rds.noRoom.add(each)),
      'capacity',
      /has no room for the DB instance erlmcp-dr in db\.r6g\.large, db\.m6g\.large/,
    ],
    ['a quota', (): unknown => (stores.rds.quota = 0), 'permanent', /InstanceQuotaExceeded.* Have the quota of this account raised/],
    [
      'a subnet group that is not there',
      (): unknown => stores.rds.subnetGroups.delete('erlmcp-dr'),
      'permanent',
      /DBSubnetGroupNotFound.* Make the group that the plan names/,
    ],
    [
      'a key that is disabled',
      (): void => {
        const kmsKey = 'arn:aws:kms:eu-west-1:123456789012:key/a';
        stores.rds.snapshots.splice(0, 1, { ...stores.rds.snapshots[0], kmsKey } as never);
        stores.rds.disabledKeys.add(kmsKey);
      },
      'permanent',
      /KMSKeyNotAccessible.* Let this identity use the key/,
    ],
  ] as const)('%s is for people, with the way out', async (_what, prepare, type, message) => {
    prepare();
    await expect(restores.restoreDatabase({ ...job, set: 'nightly', point: stores.moments.snapshot })).rejects.toMatchObject({
      type,
      message: expect.stringMatching(message),
    });
    expect(stores.rds.instances.size).toBe(0);
  });

  test('a denial while it is waited for ends the wait at once', async () => {
    stores.paces.creating = 60_000;
    await restores.restoreDatabase({ ...job, set: 'nightly', point: stores.moments.snapshot });
    stores.proxy.faults.set('DescribeDBInstances', ['denied']);
    await expect(jobs.watchJob({ ...job, withinSeconds: 60 })).rejects.toMatchObject({ type: 'permanent', message: expect.stringContaining('AccessDenied') });
    stores.paces.creating = 300;
  });
});

describe('what stands there', () => {
  const other = { ...run, execution: `${run.runId}@3`, epoch: 3 };

  test('of nobody of this estate is neither taken nor deleted', { timeout: 60_000 }, async () => {
    await restore('nightly', stores.moments.snapshot);
    made()?.tags.delete('dr-run');
    await expect(restores.restoreDatabase({ ...job, set: 'nightly', point: stores.moments.snapshot })).rejects.toMatchObject({
      type: 'refused',
      message: expect.stringContaining('made by no run of this estate'),
    });
    await expect(restores.discardRestored(database)).rejects.toMatchObject({ type: 'refused' });
    expect(await restores.lookAtRestore({ ...at, set: 'nightly', point: stores.moments.snapshot })).toMatchObject({ ready: false });
    expect(stores.proxy.changes()).not.toContain('DeleteDBInstance');
  });

  test('of an earlier run is not gone on with, and discarded only by a later one', { timeout: 60_000 }, async () => {
    await restore('nightly', stores.moments.snapshot);
    made()?.tags.set('dr-run', `${run.runId}@5`).set('dr-epoch', `5 ${run.runId}@5`);
    await expect(restores.discardRestored(database)).rejects.toMatchObject({ type: 'stale-epoch' });
    expect(made()).toBeDefined();
    made()?.tags.set('dr-run', other.execution).set('dr-epoch', `3 ${other.execution}`);
    await expect(restores.restoreDatabase({ ...job, set: 'nightly', point: stores.moments.snapshot })).rejects.toMatchObject({
      type: 'refused',
      message: expect.stringContaining(`made by ${other.execution}`),
    });
    expect(await restores.discardRestored(database)).toMatchObject({ changed: true, after: 'discarded' });
    expect(stores.rds.instances.size).toBe(0);
  });

  test('of this run is discarded, and the inventory is as before', { timeout: 60_000 }, async () => {
    const before = stores.rds.snapshots.map(({ name }) => name);
    await restore('nightly', stores.moments.snapshot);
    await restores.admitServices(database);
    expect(await restores.discardRestored(database)).toMatchObject({ before: 'admitted', after: 'discarded', changed: true });
    expect(await restores.discardRestored(database), 'an answer that was lost').toMatchObject({ changed: false });
    expect(await restores.readRestored(database)).toMatchObject({ stage: 'none', server: 'absent' });
    expect([stores.rds.instances.size, stores.rds.snapshots.map(({ name }) => name)]).toEqual([0, before]);
  });

  test('and is being made is waited for before it is discarded', { timeout: 60_000 }, async () => {
    await restores.restoreDatabase({ ...job, set: 'nightly', point: stores.moments.snapshot });
    expect(await jobs.cancelJob(job)).toMatchObject({
      before: 'running',
      after: 'cancelled',
      remaining: [expect.stringContaining('is being made all the same')],
    });
    expect(await jobs.watchJob({ ...job, withinSeconds: 0 })).toMatchObject({ state: 'cancelled' });
    expect(await restores.discardRestored(database)).toMatchObject({ after: 'discarded' });
    expect(stores.rds.instances.size).toBe(0);
  });

  test('and was cancelled is gone on with by the next attempt', { timeout: 60_000 }, async () => {
    await restores.restoreDatabase({ ...job, set: 'nightly', point: stores.moments.snapshot });
    await jobs.cancelJob(job);
    expect(await restore('nightly', stores.moments.snapshot, '4.restore-database.2')).toBe('done');
    expect(await jobs.watchJob({ ...job, withinSeconds: 0 }), 'the first attempt').toMatchObject({ state: 'lost' });
    expect(stores.proxy.changes().filter((action) => action === 'RestoreDBInstanceFromDBSnapshot')).toHaveLength(1);
  });

  test('a run that no majority holds makes nothing', async () => {
    stores.held.clear();
    await expect(restores.restoreDatabase({ ...job, set: 'nightly', point: stores.moments.snapshot })).rejects.toMatchObject({ type: 'transient' });
    expect(stores.proxy.changes()).toEqual([]);
  });
});
