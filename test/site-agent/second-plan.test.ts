/** Goal: agent and drivers serve another organisation's estate: runit in place of systemd, other ports and names, no Redis. The tests read in the order of a failover. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccessActivities } from '../../activities/access/activities.ts';
import type { RunContext } from '../../activities/context.ts';
import { createDatabaseActivities } from '../../activities/database/activities.ts';
import type { FolderDependencies } from '../../activities/dependencies.ts';
import { createDetectionActivities } from '../../activities/detection/activities.ts';
import { createFencingActivities } from '../../activities/fencing/activities.ts';
import { createHostsActivities } from '../../activities/hosts/activities.ts';
import { createServicesActivities } from '../../activities/services/activities.ts';
import { createAgentPool, type AgentPool } from '../../activities/ssh/agent.ts';
import type { Plan } from '../../plan/schema.ts';
import { Branches, branchPassword } from './branches.ts';
import { ZoneStandIn } from '../support/zone-stand-in.ts';
import { eventually, testNetwork } from './support.ts';
import { dependenciesOf } from '../support/dependencies.ts';

const servers = new Branches(testNetwork());
const run: RunContext = { runId: 'recovery/desks', execution: 'recovery/desks@1', planDigest: 'library', epoch: 2 };
let plan: Plan;
let pool: AgentPool;
let zoneApi: ZoneStandIn;

const dependencies: FolderDependencies = dependenciesOf({
  planOf: async () => zoneApi.in(plan),
  secret: async (reference) => (reference.startsWith('file:') ? readFileSync(reference.slice('file:'.length), 'utf8').trim() : branchPassword),
  agent: (context, site) => pool.agent(context, site),
  now: () => new Date(),
  planFolder: '.',
});
const database = createDatabaseActivities(dependencies);
const fencing = createFencingActivities(dependencies);
const services = createServicesActivities({ ...dependencies, planFolder: '.' });

beforeAll(async () => {
  zoneApi = await ZoneStandIn.start();
  await servers.start();
  plan = await servers.plan({ lyon: await servers.startSshd('lyon'), gent: await servers.startSshd('gent') });
  pool = createAgentPool(dependencies);
});
afterAll(async () => {
  await pool?.close();
  await zoneApi?.stop();
  await servers.stop();
});

test('the service is judged by the answers of its own service manager', async () => {
  expect(await services.readService({ run, site: 'lyon' })).toMatchObject({ reachable: true, active: true, enabled: true });
  const gent = await services.readService({ run, site: 'gent' });
  expect(gent).toMatchObject({ reachable: true, active: false, enabled: false });
  expect(gent.detail).toMatch(/^inactive, disabled; the service manager says: down: /);
});

test('a manager that is configured by half is told whole, and starts nothing', async () => {
  const file = servers.path('gent', 'agent.conf');
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, whole.replace(/^SERVICE_ENABLE=.*$/m, ''));
  try {
    const answer = await servers.agent('gent', { client: 'service-status' });
    expect(answer).toMatchObject({ code: 1, fields: { error: expect.stringContaining('it must name all or none') } });
    expect(await servers.agent('gent', { client: 'database-status' }), 'what has nothing to do with it').toMatchObject({ code: 0 });
  } finally {
    writeFileSync(file, whole);
  }
});

test('the standby is found behind its own port, with the heartbeat of its primary, and no cache is among the servers', async () => {
  await servers.agent('lyon', { timer: 'beat' });
  await eventually('the heartbeat has come over', async () => {
    const state = await database.readDatabase({ run, site: 'gent' });
    return state.reachable && state.follows === 'lyon' && state.heartbeats[0]?.standbys[0] === 'gent=quorum';
  });
  expect(await fencing.readWriters({ run, sites: ['lyon', 'gent'] })).toMatchObject([
    { site: 'lyon', server: 'database', state: 'writer' },
    { site: 'gent', server: 'database', state: 'standby' },
  ]);
});

test('the orchestrator and the other site look at service, SSH and database, and miss no cache', async () => {
  const detection = createDetectionActivities(dependencies);
  const [own, other] = await Promise.all([
    detection.watchFromOrchestrator({ run, site: 'lyon', holdSeconds: 0 }),
    detection.watchFromSite({ run, site: 'lyon', observer: 'gent', holdSeconds: 0 }),
  ]);
  expect(own.observations.map(({ check, ok }) => `${check} ${ok}`)).toEqual(['service false', 'ssh true', 'database true']);
  expect(other.observations.map(({ check }) => check)).toEqual(['service', 'database', 'replication']);
  expect([own.verdict, other.verdict]).toEqual(['impaired', 'impaired']);
});

test('what the estate check asks for has nothing of a cache', async () => {
  const { checks } = await createAccessActivities(dependencies).checkSiteAccess({ run, site: 'gent' });
  expect(checks.filter(({ what, detail }) => /redis|cache/i.test(`${what} ${detail}`))).toEqual([]);
  expect(checks.find(({ what }) => what === 'PostgreSQL, to look')).toMatchObject({ result: 'ok', as: 'desk_watch' });
  expect(checks.find(({ what }) => what === 'service manager')).toMatchObject({ result: 'ok' });
});

test('one standby that is asynchronous proves no fence, and is left where it is', async () => {
  servers.waitFor('');
  await eventually('the heartbeat says so', async () => {
    await servers.agent('lyon', { timer: 'beat' });
    const state = await database.readDatabase({ run, site: 'gent' });
    return state.reachable && state.heartbeats[0]?.synchronousStandbyNames === '';
  });
  const fence = await fencing.fenceDatabaseByReplication({ run, site: 'lyon', standbys: ['gent'] });
  expect(fence).toMatchObject({ proven: false, proof: expect.stringContaining('The primary waits for no standby') });
  expect(await database.readDatabase({ run, site: 'gent' })).toMatchObject({ follows: 'lyon' });
  servers.waitFor('ANY 1 ("gent")');
  await eventually('the heartbeat names the standby again', async () => {
    await servers.agent('lyon', { timer: 'beat' });
    const state = await database.readDatabase({ run, site: 'gent' });
    return state.reachable && state.heartbeats[0]?.standbys[0] === 'gent=quorum';
  });
});

test('the other site takes over from one that is gone: epoch of its agent and the zone, fence by its one standby, promotion', async () => {
  await Promise.all([servers.end('postgres-lyon'), servers.end('sshd-lyon')]);
  // The processes of open sessions outlive the listener, and would not outlive a host.
  await pool.close();
  pool = createAgentPool(dependencies);
  await createHostsActivities(dependencies).claimEpoch({ run, site: 'gent' });
  expect(await fencing.fenceByAgent({ run, site: 'lyon' })).toMatchObject({ proven: false, servers: [{ server: 'database', state: 'unknown' }] });
  expect(await fencing.fenceDatabaseByReplication({ run, site: 'lyon', standbys: ['gent'] })).toMatchObject({
    proven: true,
    positionBytes: expect.any(Number),
  });
  await expect(database.promoteDatabase({ run, site: 'gent' }), 'the agent alone is no majority').rejects.toMatchObject({
    type: 'transient',
    message: expect.stringContaining('Epoch 2 of this run is confirmed by 1 of its 3 holders, and 2 are needed'),
  });
  zoneApi.held = () => ({ epoch: run.epoch, holder: run.execution });
  expect(await database.promoteDatabase({ run, site: 'gent' })).toMatchObject({ timelineBefore: 1, timelineAfter: 2, changed: true });
  const alone = await database.protectDatabase({ run, site: 'gent', standbys: [] });
  expect(alone.after).toBe('no standby is synchronous: writes wait for nobody');
});

test('the service is started and enabled by runit, which brings it back', async () => {
  expect(await services.startService({ run, site: 'gent' })).toMatchObject({ before: 'inactive, disabled', after: 'active, enabled', changed: true });
  expect(await services.startService({ run, site: 'gent' })).toMatchObject({ changed: false });
  const pidFile = servers.path('gent', 'sv', 'lending', 'supervise', 'pid');
  await eventually('one process stands', async () => readFileSync(pidFile, 'utf8') !== '' && (await services.readService({ run, site: 'gent' })).active);
  const before = readFileSync(pidFile, 'utf8');
  process.kill(Number(before), 'SIGKILL');
  await eventually('runit has started it anew', () => !['', before].includes(readFileSync(pidFile, 'utf8')));
  await eventually('the service is active again', async () => (await services.readService({ run, site: 'gent' })).active);
});

test('the old site is fenced by its own agent when it returns: service down, database closed, nothing asked of a cache', async () => {
  await servers.startDatabase('lyon');
  await servers.startSshd('lyon');
  const fence = await fencing.fenceByAgent({ run, site: 'lyon' });
  expect(fence).toMatchObject({ proven: true, servers: [{ server: 'database', state: 'fenced' }] });
  expect(fence.proof).not.toContain('was not stopped');
  expect(() => servers.sql('lyon', 'insert into loans values (1)', 'lending', 'desk')).toThrow(/pg_hba\.conf/);
  servers.sql('gent', 'insert into loans values (1)', 'lending', 'desk');
  expect(await services.readService({ run, site: 'lyon' })).toMatchObject({ active: false });
  expect(await fencing.readWriters({ run, sites: ['lyon', 'gent'] })).toMatchObject([
    { site: 'lyon', state: 'fenced' },
    { site: 'gent', state: 'writer' },
  ]);
});
