/** Goal: the worker's driver and the script at the host understand each other. Method: the driver over a real SSH session, whose commands the real script carries out on real backups. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newestWindow, setFor } from '../../plan/rules/restore-points.ts';
import type { Plan } from '../../plan/schema.ts';
import { until } from '../support/until.ts';
import { OverSsh, run, site } from './over-ssh.ts';
import { Host, removeAll, Source } from './source.ts';

const source = new Source('files');
let host: Host;
let ssh: OverSsh;

beforeAll(async () => {
  await source.live();
  host = new Host(source, { PG_LISTEN: '127.0.0.1' });
  ssh = await OverSsh.open(source, source.folder, () => host);
}, 120_000);
afterAll(async () => {
  await ssh?.close();
  await host?.end();
  await removeAll(source.folder);
});

test('points, look, restore as a job, letting in, accepting: each as the script tells it', async () => {
  const { readRestorePoints, lookAtRestore, restoreDatabase, watchJob, readRestored, admitServices, acceptRestored, backUpRestored, discardRestored } =
    ssh.drivers();
  const points = await readRestorePoints({ run, site });
  if (!points.found) throw new Error(points.reason);
  const window = newestWindow(points.sets);
  const point = source.after[4] ?? '';
  expect(points).toMatchObject({ tool: 'files', unreadable: [] });
  expect(point > (window?.from ?? '') && point < (window?.until ?? '')).toBe(true);
  const set = setFor(points.sets, point)?.set ?? '';
  expect(set).toBe(source.set);

  expect(await lookAtRestore({ run, site, set, point })).toMatchObject({ ready: true, bytesNeeded: expect.any(Number) });
  const beyond = { run, site, set, point: '2099-01-01T00:00:00Z' };
  expect(await lookAtRestore(beyond)).toMatchObject({ ready: false, reason: expect.stringContaining('the nearest that there is of this set') });
  await expect(restoreDatabase({ ...beyond, id: 'r.0' })).rejects.toMatchObject({ type: 'refused' });

  expect(await readRestored({ run, site, store: 'database' })).toMatchObject({ stage: 'none', server: 'absent', proof: {}, kept: [] });
  expect(await restoreDatabase({ run, site, set, point, id: 'r.1' })).toMatchObject({ before: 'none', after: 'running' });
  const ended = async (id: string) =>
    until(`the job ${id} ends`, async () => {
      const look = await watchJob({ run, site, id, by: 'site-restore', withinSeconds: 2 });
      return look.state === 'running' ? undefined : look;
    }, 60); // prettier-ignore
  const done = await ended('r.1');
  expect(done, done.lastLine).toMatchObject({ state: 'done', exitCode: 0 });
  expect(await readRestored({ run, site, store: 'database' })).toMatchObject({
    stage: 'proven',
    by: run.execution,
    server: 'running',
    proof: {
      timeline_before: '1',
      timeline_after: '2',
      last_commit_applied: expect.stringMatching(/^\d{4}-/),
      indexes_checked: expect.stringMatching(/^\d+$/),
    },
  });
  expect(host.rows()).toBe('1 2 3 4');
  await expect(admitServices({ run, site, store: 'database' })).rejects.toMatchObject({ type: 'refused' });
  expect(await acceptRestored({ run, site })).toMatchObject({ before: 'proven', after: 'accepted', changed: true });
  expect(await backUpRestored({ run, site, id: 'b.1' })).toMatchObject({ before: 'none', after: 'running' });
  expect(await ended('b.1')).toMatchObject({ state: 'done', exitCode: 0, lastLine: expect.stringContaining('can be restored') });
  await expect(discardRestored({ run, site, store: 'database' })).rejects.toMatchObject({ type: 'refused' });
  await expect(acceptRestored({ run: { ...run, epoch: 0, execution: 'older' }, site })).rejects.toMatchObject({ type: 'stale-epoch' });
}, 120_000);

test('what cannot be read, and a site where nothing is restored, are told as such', async () => {
  const { readRestorePoints } = ssh.drivers();
  host.configure({ BACKUPS: join(host.folder, 'gone') });
  expect(await readRestorePoints({ run, site })).toMatchObject({ found: false, reason: expect.stringContaining('cannot be read') });
  expect(await readRestorePoints({ run, site: 'east' })).toMatchObject({
    found: false,
    reason: expect.stringContaining('The plan says nowhere that a host of east can be restored'),
  });
});

test('a set of another cluster is one that cannot be restored', async () => {
  host.configure({});
  const { estate } = ssh.plan;
  const mine = estate.restore;
  ssh.plan = { estate: { ...estate, restore: { ...mine, database: { ...mine?.database, systemIdentifier: '42' } } } } as unknown as Plan;
  const points = await ssh.drivers().readRestorePoints({ run, site });
  expect(points).toMatchObject({ found: true, sets: [{ unusable: expect.stringContaining('of another cluster') }] });
});
