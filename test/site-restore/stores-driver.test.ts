/**
 * Goal: the worker's driver, the estate check and the script at the host understand each other about what comes back beside the database: snapshots of the cache, versions of application and session
 * data; and one acceptance holds for all of it. Method: the driver over a real SSH session, whose commands the real script carries out on real backups.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tree } from '../../plan/rules/snapshots.ts';
import type { Plan } from '../../plan/schema.ts';
import { until } from '../support/until.ts';
import { CacheSource } from './cache.ts';
import { owned } from './host.ts';
import { OverSsh, run, site } from './over-ssh.ts';
import { Host, removeAll, Source } from './source.ts';
import { FolderStore, treeOf } from './tree-host.ts';

const source = new Source('files');
const cache = new CacheSource();
const stores = { application: new FolderStore(), sessions: new FolderStore() };
const from = (tree: Tree) => `file://${stores[tree].folder}/trees`;
const [older, newer] = [new Date('2026-02-01T03:04:05.500Z'), new Date('2026-02-02T03:04:05.250Z')];
let host: Host;
let ssh: OverSsh;

beforeAll(async () => {
  await Promise.all([source.live(), cache.live()]);
  for (const store of Object.values(stores)) {
    await store.put('v1', treeOf({ name: 'release', content: 'the first' }), older);
    await store.put('v2', treeOf({ name: 'release', content: 'the second' }), newer);
    await store.put('v3', { 'tree.tar.gz': 'being uploaded' });
  }
  host = new Host(source, { PG_LISTEN: '127.0.0.1' });
  execFileSync('cp', ['-a', cache.at('sets'), host.at('sets')]);
  for (const folder of ['application', 'sessions', 'application/installed']) mkdirSync(host.at(folder));
  symlinkSync('installed', host.at('application', 'current'));
  writeFileSync(host.at('test'), '#!/bin/sh\n[ -e "$1/release" ] && [ ! -e "$1/broken" ] || { echo "$1 is broken"; exit 1; }\n', { mode: 0o755 });
  configure();
  owned(host.folder);
  ssh = await OverSsh.open(source, source.folder, () => host);
  const { estate } = ssh.plan;
  const trees = { application: { from: from('application') }, sessions: { from: from('sessions') } };
  ssh.plan = { estate: { ...estate, restore: { ...estate.restore, cache: { backup: 'redis' }, ...trees } } } as unknown as Plan;
}, 120_000);
afterAll(async () => {
  await ssh?.close();
  await host?.end();
  await cache.end();
  await Promise.all(Object.values(stores).map((store) => store.stop()));
  await removeAll(source.folder);
});

function configure(settings: Readonly<Record<string, string>> = {}): void {
  host.configure({
    ...{
      PG_LISTEN: '127.0.0.1',
      CACHE_DIR: host.at('cache'),
      CACHE_BACKUPS: host.at('sets'),
      CACHE_CONF: host.at('redis.conf'),
      TREES: "'application sessions'",
    },
    ...{ APPLICATION_FROM: from('application'), APPLICATION_TO: host.at('application'), SESSIONS_FROM: from('sessions'), SESSIONS_TO: host.at('sessions') },
    ...{ APPLICATION_TEST: host.at('test'), APPLICATION_RELOAD: 'true' },
    ...settings,
  });
}

const released = (tree: Tree) => readFileSync(host.at(tree, 'current', 'release'), 'utf8');

async function ended(id: string) {
  return until(`the job ${id} ends`, async () => {
    const look = await ssh.drivers().watchJob({ run, site, id, by: 'site-restore', withinSeconds: 2 });
    return look.state === 'running' ? undefined : look;
  }, 60); // prettier-ignore
}

async function restored(id: string, store: Tree, set: string) {
  expect(await ssh.drivers().restoreSnapshot({ run, site, store, set, id })).toMatchObject({ before: 'none', after: 'running' });
  expect(await ended(id)).toMatchObject({ state: 'done', exitCode: 0 });
}

test('versions are told with their moments, and one that is not whole as none', async () => {
  const found = await ssh.drivers().readSnapshots({ run, site, store: 'application' });
  expect(found).toMatchObject({
    found: true,
    snapshots: [
      { set: 'v1', at: '2026-02-01T03:04:05.500000Z' },
      { set: 'v2', at: '2026-02-02T03:04:05.250000Z', bytes: expect.any(Number) },
    ],
    unreadable: [{ set: 'v3', reason: expect.stringContaining('it has no SHA256SUMS') }],
  });
});

test('versions that a host takes from elsewhere than the plan says are none', async () => {
  configure({ APPLICATION_FROM: from('sessions') });
  const found = await ssh.drivers().readSnapshots({ run, site, store: 'application' });
  configure();
  expect(found).toEqual({
    site,
    store: 'application',
    found: false,
    reason: `restore.conf of west has its versions in ${from('sessions')}, and the plan in ${from('application')}`,
  });
});

test('look, restore as a job, switch, discard: each as the script tells it', async () => {
  const { lookAtSnapshot, readRestored, switchRestored, discardRestored } = ssh.drivers();
  const at = { run, site, store: 'application' } as const;
  expect(await lookAtSnapshot({ ...at, set: 'v2' })).toMatchObject({ ready: true, bytesNeeded: expect.any(Number), setsAside: 'installed' });
  expect(await lookAtSnapshot({ ...at, set: 'v9' })).toMatchObject({ ready: false, reason: expect.stringContaining('there is no version v9') });
  expect(await readRestored(at)).toMatchObject({ stage: 'none', inPlace: false, server: 'absent', proof: {}, kept: [] });
  await restored('a.1', 'application', 'v2');
  const proof = { placed: 'v2', files: '1', bytes_unpacked: '10', signature: expect.stringContaining('not checked'), configured: expect.stringContaining('nothing') };
  expect(await readRestored(at)).toMatchObject({ stage: 'proven', by: run.execution, inPlace: true, server: 'absent', proof });
  expect(readlinkSync(host.at('application', 'current'))).toBe('installed');
  expect(await switchRestored(at)).toMatchObject({ before: 'proven', after: 'switched', changed: true });
  expect(await switchRestored(at)).toMatchObject({ changed: false });
  expect(released('application')).toBe('the second');
  expect(await readRestored(at)).toMatchObject({ stage: 'switched', inPlace: true });
  const { remaining } = await discardRestored(at);
  expect(remaining).toEqual([expect.stringMatching(/^v2\.discarded-\S+ stays at west with \d+ bytes/)]);
  expect(readlinkSync(host.at('application', 'current'))).toBe('installed');
  expect(await readRestored(at)).toMatchObject({ stage: 'discarded', inPlace: false });
}, 60_000); // prettier-ignore

test('settings that fail their test are refused, and nothing is switched', async () => {
  await restored('a.2', 'application', 'v1');
  writeFileSync(host.at('application', 'v1', 'broken'), '');
  const switching = ssh.drivers().switchRestored({ run, site, store: 'application' });
  await expect(switching).rejects.toMatchObject({ type: 'refused', message: expect.stringContaining('is broken; nothing was changed') });
  expect(readlinkSync(host.at('application', 'current'))).toBe('installed');
  await ssh.drivers().discardRestored({ run, site, store: 'application' });
}, 60_000);

test('the estate check tells of each store how much can be restored, or why nothing can', async () => {
  const told = async () => Object.fromEntries((await ssh.check()).map(({ what, result, detail, add }) => [what, [result, detail, add?.line]]));
  expect(await told()).toEqual({
    'site-restore and its backups': ['ok', expect.stringContaining('sets of files; restorable until'), undefined],
    'snapshots of the cache': ['ok', expect.stringMatching(/^2 of 2 can be restored; the newest is second of \S+Z$/), undefined],
    'versions of the sessions': ['ok', '2 of 2 can be restored; the newest is v2 of 2026-02-02T03:04:05.250000Z', undefined],
    'versions of the application': ['ok', '2 of 2 can be restored; the newest is v2 of 2026-02-02T03:04:05.250000Z', undefined],
  });
  mkdirSync(host.at('empty'));
  configure({ CACHE_BACKUPS: host.at('empty'), APPLICATION_FROM: from('sessions'), SESSIONS_FROM: `file://${host.at('gone')}` });
  const found = await told();
  configure();
  expect(found['snapshots of the cache']).toEqual(['lacking', 'Nothing can be restored: there is none. Look there: dr restore points', undefined]);
  expect(found['versions of the sessions']).toEqual(['lacking', expect.stringContaining('cannot be listed at west'), undefined]);
  expect(found['versions of the application']).toEqual(['lacking', expect.stringContaining('and the plan in'), `APPLICATION_FROM=${from('application')}`]);
});

test('one acceptance holds for all: what was made current by its run is discarded by nobody any more', async () => {
  const { readRestorePoints, restoreDatabase, switchRestored, acceptRestored, readRestored, discardRestored } = ssh.drivers();
  const points = await readRestorePoints({ run, site });
  await restored('a.3', 'application', 'v2');
  await restored('s.1', 'sessions', 'v1');
  await switchRestored({ run, site, store: 'application' });
  await restoreDatabase({ run, site, set: points.found ? (points.sets[0]?.set ?? '') : '', point: source.after[4] ?? '', id: 'd.1' });
  expect(await ended('d.1')).toMatchObject({ state: 'done' });
  expect(await acceptRestored({ run, site })).toMatchObject({ after: 'accepted' });
  expect(await readRestored({ run, site, store: 'application' })).toMatchObject({ stage: 'accepted', inPlace: true });
  expect(await switchRestored({ run, site, store: 'application' })).toMatchObject({ before: 'accepted', after: 'accepted', changed: false });
  await expect(discardRestored({ run, site, store: 'application' })).rejects.toMatchObject({ type: 'refused', message: expect.stringContaining('was accepted') });
  // What was never made current is nobody's yet.
  expect(await readRestored({ run, site, store: 'sessions' })).toMatchObject({ stage: 'proven' });
  await discardRestored({ run, site, store: 'sessions' });
  expect(released('application')).toBe('the second');
}, 120_000); // prettier-ignore
