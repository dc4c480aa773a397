/** Goal: the worker's driver and the script at the host understand each other. Method: the driver over a real SSH session, whose commands the real script carries out on real backups. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createJobsActivities } from '../../activities/jobs/activities.ts';
import { createRestoreActivities } from '../../activities/restore/activities.ts';
import { createAgentPool, type AgentPool } from '../../activities/ssh/agent.ts';
import { siteRestore } from '../../activities/ssh/programs.ts';
import { newestWindow, setFor } from '../../plan/rules/restore-points.ts';
import type { Plan } from '../../plan/schema.ts';
import { dependenciesOf } from '../support/dependencies.ts';
import { until } from '../support/until.ts';
import { Host, removeAll, Source } from './source.ts';

const site = 'west';
const run = { runId: 'recovery/shop', execution: 'recovery/shop@1', planDigest: 'p', epoch: 1 };
const source = new Source('files');
let host: Host;
let server: ssh2.Server;
let pool: AgentPool;
let plan: Plan;

beforeAll(async () => {
  await source.live();
  host = new Host(source, { PG_LISTEN: '127.0.0.1' });
  for (const name of ['host', 'client']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', host.at(name)]);
  server = new ssh2.Server({ hostKeys: [readFileSync(host.at('host'), 'utf8')] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => (context.method === 'publickey' ? context.accept() : context.reject(['publickey'])));
    client.on('session', (accept) =>
      accept().on('exec', (acceptExec, _reject, { command }) => {
        const { out, code } = host.verb(command);
        const channel = acceptExec();
        channel.write(out);
        channel.exit(code);
        channel.end();
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const [, hostKey = ''] = execFileSync('ssh-keygen', ['-lf', host.at('host')], { encoding: 'utf8' }).split(' ');
  const restore = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, hostKey, database: { host: '127.0.0.1', port: host.port } };
  const login = { user: 'postgres', privateKey: `file:${host.at('client')}` };
  plan = {
    estate: {
      ssh: { ...login, connectTimeout: 'PT5S' },
      sites: { [site]: { restore }, east: {} },
      restore: { ssh: login, database: { systemIdentifier: source.identifier } },
    },
  } as unknown as Plan;
  pool = createAgentPool({
    planOf: async () => plan,
    secret: async (reference) => readFileSync(reference.slice('file:'.length), 'utf8').trim(),
    now: () => new Date(),
  });
}, 120_000);
afterAll(async () => {
  await pool?.close();
  server?.close();
  await host?.end();
  await removeAll(source.folder);
});

function drivers() {
  const dependencies = dependenciesOf({
    planOf: async () => plan,
    secret: async () => '',
    agent: () => {
      throw new Error('No agent is asked here.');
    },
    restorer: (context, at) => pool.agent(context, at, siteRestore),
    now: () => new Date(),
  });
  return { ...createRestoreActivities(dependencies), ...createJobsActivities(dependencies) };
}

test('points, look, restore as a job, letting in, accepting: each as the script tells it', async () => {
  const { readRestorePoints, lookAtRestore, restoreDatabase, watchJob, readRestored, admitServices, acceptRestored, discardRestored } = drivers();
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
  const done = await until('the job ends', async () => {
    const look = await watchJob({ run, site, id: 'r.1', by: 'site-restore', withinSeconds: 2 });
    return look.state === 'running' ? undefined : look;
  }, 60); // prettier-ignore
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
  expect(await acceptRestored({ run, site, store: 'database' })).toMatchObject({ before: 'proven', after: 'accepted', changed: true });
  await expect(discardRestored({ run, site, store: 'database' })).rejects.toMatchObject({ type: 'refused' });
  await expect(acceptRestored({ run: { ...run, epoch: 0, execution: 'older' }, site, store: 'database' })).rejects.toMatchObject({ type: 'stale-epoch' });
}, 120_000);

test('what cannot be read, and a site where nothing is restored, are told as such', async () => {
  const { readRestorePoints } = drivers();
  host.configure({ BACKUPS: join(host.folder, 'gone') });
  expect(await readRestorePoints({ run, site })).toMatchObject({ found: false, reason: expect.stringContaining('cannot be read') });
  expect(await readRestorePoints({ run, site: 'east' })).toMatchObject({
    found: false,
    reason: expect.stringContaining('The plan says nowhere that east can be restored'),
  });
});

test('a set of another cluster is one that cannot be restored', async () => {
  host.configure({});
  const mine = plan.estate.restore;
  plan = { estate: { ...plan.estate, restore: { ...mine, database: { ...mine?.database, systemIdentifier: '42' } } } } as unknown as Plan;
  const points = await drivers().readRestorePoints({ run, site });
  expect(points).toMatchObject({ found: true, sets: [{ unusable: expect.stringContaining('of another cluster') }] });
});
