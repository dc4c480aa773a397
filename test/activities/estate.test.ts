/** The drivers of hosts, services, database, cache and fences, through a real sshd with the site agent as forced command, at real servers. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApplicationActivities } from '../../activities/application/activities.ts';
import { createCacheActivities } from '../../activities/cache/activities.ts';
import type { RunContext } from '../../activities/context.ts';
import { createDatabaseActivities } from '../../activities/database/activities.ts';
import { lsnBytes } from '../../activities/database/postgresql.ts';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { createDetectionActivities } from '../../activities/detection/activities.ts';
import { createFencingActivities } from '../../activities/fencing/activities.ts';
import { createHostsActivities } from '../../activities/hosts/activities.ts';
import { createInfrastructureActivities } from '../../activities/infrastructure/activities.ts';
import { createServicesActivities } from '../../activities/services/activities.ts';
import { createAgentPool, type AgentPool } from '../../activities/ssh/agent.ts';
import { isSameStandby } from '../../plan/rules/standby-names.ts';
import type { Estate, Plan } from '../../plan/schema.ts';
import { TestEstate, sites, type TestSite } from '../site-agent/estate.ts';
import { eventually, testNetwork } from '../site-agent/support.ts';
import { ZoneStandIn } from '../support/zone-stand-in.ts';
import { dependenciesOf } from '../support/dependencies.ts';

const servers = new TestEstate(testNetwork());
const run: RunContext = { runId: 'failover/test', execution: 'failover/test@1', planDigest: 'as-it-is', epoch: 3 };
let estate: Estate;
let pool: AgentPool;
let zoneApi: ZoneStandIn;
/** Plans by digest: a test may look at the same estate with a limit of its own. */
const plans = new Map<string, Estate>();

const dependencies: ActivityDependencies = dependenciesOf({
  planOf: async (digest) => zoneApi.in({ sites: sites.map((id) => ({ id })), estate: plans.get(digest) } as unknown as Plan),
  secret: async (reference) => (reference.startsWith('env:') ? 'test-only' : readFileSync(reference.slice('file:'.length), 'utf8').trim()),
  agent: (context, site) => pool.agent(context, site),
  now: () => new Date(),
});
const hosts = createHostsActivities(dependencies);
const services = createServicesActivities({ ...dependencies, planFolder: '.' });
const infrastructure = createInfrastructureActivities(dependencies);
const application = createApplicationActivities(dependencies);
const database = createDatabaseActivities(dependencies);
const cache = createCacheActivities(dependencies);
const fencing = createFencingActivities(dependencies);
const detection = createDetectionActivities({ ...dependencies, planFolder: '.' });

beforeAll(async () => {
  zoneApi = await ZoneStandIn.start();
  zoneApi.held = () => ({ epoch: run.epoch, holder: run.execution });
  await servers.start();
  const keys = Object.fromEntries(await Promise.all(sites.map(async (site) => [site, await servers.startSshd(site)] as const))) as Record<TestSite, string>;
  estate = servers.plan(keys);
  plans.set(run.planDigest, estate);
  pool = createAgentPool(dependencies);
});
afterAll(async () => {
  await pool?.close();
  await zoneApi?.stop();
  await servers.stop();
});

function write(site: TestSite, sequence: number): void {
  servers.sql(site, `insert into payments (customer, sequence, token) values ('seed-1', ${sequence}, 'test')`, 'app', 'erlmcp');
}

describe('hosts, service, capacity and files', () => {
  test('agents say who they are, and one that is not there is a value', async () => {
    await servers.kill('sshd-north');
    const [east, north] = await hosts.readAgents({ run, sites: ['east', 'north'] });
    expect(east).toMatchObject({ site: 'east', reachable: true, epoch: 0, epochHolder: 'none' });
    expect(north).toMatchObject({ site: 'north', reachable: false });
    await servers.startSshd('north');
  });

  test('an agent that is not to be trusted, or fails, is a value wherever something is only read', async () => {
    const north = estate.sites['north']!;
    plans.set('other-key', {
      ...estate,
      sites: { ...estate.sites, north: { ...north, agent: { ...north.agent, hostKey: estate.sites['east']!.agent.hostKey } } },
    });
    plans.set('other-user', { ...estate, ssh: { ...estate.ssh, user: 'nobody' } });
    for (const [planDigest, reason] of [
      ['other-key', 'north is not who the plan says'],
      ['other-user', "north refuses the plan's SSH user or key"],
    ] as const) {
      const asked = { run: { ...run, planDigest }, site: 'north' };
      const said = expect.stringContaining(reason);
      expect(await hosts.readAgents({ run: asked.run, sites: ['north'] })).toEqual([{ site: 'north', reachable: false, reason: said }]);
      expect(await hosts.readRefusals({ ...asked, part: 'lost', lost: 'north' })).toMatchObject({ notAsked: { silent: false, reason: said }, refused: [] });
      expect(await services.readService(asked)).toMatchObject({ reachable: false, active: false, detail: said });
      expect(await database.readDatabase(asked)).toMatchObject({ reachable: true, inRecovery: true, follows: 'unknown' });
      expect(await fencing.readWriters({ run: asked.run, sites: ['north'] })).toMatchObject([
        { state: 'unknown', how: said },
        { state: 'unknown', how: said },
      ]);
      expect(await detection.watchFromSite({ run: asked.run, observer: 'north', site: 'east', holdSeconds: 0 })).toMatchObject({
        verdict: 'blind',
        detail: said,
      });
    }
    await expect(hosts.claimEpoch({ run: { ...run, planDigest: 'other-key' }, site: 'north' })).rejects.toMatchObject({ type: 'host-key-changed' });
    // An agent that fails: `mars` is no peer of it, and it says so with an exit code.
    expect(await detection.watchFromSite({ run, observer: 'north', site: 'mars', holdSeconds: 0 })).toMatchObject({
      verdict: 'blind',
      detail: expect.stringContaining('mars is no peer of north'),
    });
  });

  test('an epoch is claimed, and an older run is told so', async () => {
    for (const site of sites)
      expect(await hosts.claimEpoch({ run, site })).toMatchObject({ before: '0', after: '3', changed: true, source: `site-agent ${site}` });
    expect(await hosts.claimEpoch({ run, site: 'west' })).toMatchObject({ changed: false });
    const older = { ...run, execution: 'failover/test@0', epoch: 2 };
    await expect(services.startService({ run: older, site: 'west' })).rejects.toMatchObject({
      type: 'stale-epoch',
      nonRetryable: true,
      message: expect.stringContaining('west has seen epoch 3 of failover/test@1; this run holds 2.'),
    });
    await expect(hosts.claimEpoch({ run: { ...run, execution: 'failover/test@2' }, site: 'west' })).rejects.toMatchObject({ type: 'stale-epoch' });
    expect(await services.readService({ run, site: 'west' })).toMatchObject({ active: false });
  });

  test('the service is started and capacity set, both read back', async () => {
    expect(await services.startService({ run, site: 'west' })).toMatchObject({ after: 'active, enabled', changed: true });
    expect(await services.startService({ run, site: 'west' })).toMatchObject({ changed: false });
    expect(await infrastructure.setCapacity({ run, site: 'west', percent: 100 })).toMatchObject({ before: '35 %', after: '100 %', changed: true });
    expect(await infrastructure.setCapacity({ run, site: 'west', percent: 100 })).toMatchObject({ after: '100 %', changed: false });
  });

  test('files and certificate are judged by the plan', async () => {
    expect(await application.checkApplication({ run, site: 'west' })).toMatchObject({ ok: true, findings: [] });
    plans.set('strict', {
      ...estate,
      service: {
        ...estate.service,
        publicHost: 'other.example.com',
        files: ['service/absent.config', 'service/forgotten.config'],
        certificate: { ...estate.service.certificate, minimumValidity: 'P60D' },
      },
    });
    const { ok, findings } = await application.checkApplication({ run: { ...run, planDigest: 'strict' }, site: 'west' });
    expect(ok).toBe(false);
    expect(findings).toEqual([
      'service/absent.config is missing or empty at west.',
      'The agent of west does not look for service/forgotten.config: add it to FILES in its agent.conf.',
      'The certificate at west is for service.example.com, not for other.example.com.',
      expect.stringMatching(/^The certificate at west is valid until .+, less than the 1440 h 00 min that the plan asks for\.$/),
    ]);
  });
});

describe('database and cache before a failover', () => {
  test('a primary and its standbys are read by a login that cannot write', async () => {
    await servers.beat('east');
    const [east, west] = await Promise.all([database.readDatabase({ run, site: 'east' }), database.readDatabase({ run, site: 'west' })]);
    expect(east).toMatchObject({ reachable: true, inRecovery: false, timeline: 1, follows: 'none' });
    expect(west).toMatchObject({ reachable: true, inRecovery: true, timeline: 1, follows: 'east', receiverActive: true });
    if (!east.reachable || !west.reachable) throw new Error('unreachable');
    expect(west.systemIdentifier).toBe(east.systemIdentifier);
    expect(west.lastMessageAgeSeconds).toBeLessThan(5);
    await eventually('west has the heartbeat', async () => {
      const state = await database.readDatabase({ run, site: 'west' });
      return (
        state.reachable &&
        state.heartbeats[0]?.synchronousStandbyNames === 'ANY 1 ("west")' &&
        state.heartbeats[0].standbys.join() === 'north=async,west=quorum'
      );
    });
  });

  test('PostgreSQL compares names of standbys without regard to case, quoted or not', async () => {
    const [before] = servers.sql('east', 'show synchronous_standby_names').trim().split('\n');
    try {
      for (const named of ['WEST', '"WesT"']) {
        servers.sql('east', `alter system set synchronous_standby_names = '${named}'`);
        servers.sql('east', 'select pg_reload_conf()');
        await eventually(
          `${named} names west`,
          () => servers.sql('east', "select sync_state from pg_stat_replication where application_name = 'west'").trim() === 'sync',
        );
        expect(isSameStandby(named.replaceAll('"', ''), 'west')).toBe(true);
      }
    } finally {
      servers.sql('east', `alter system set synchronous_standby_names = '${before}'`);
      servers.sql('east', 'select pg_reload_conf()');
    }
  });

  test('a server that does not answer is a value', async () => {
    plans.set('nowhere', {
      ...estate,
      sites: {
        ...estate.sites,
        east: { ...estate.sites['east']!, database: { host: servers.address('east'), port: 5433 }, cache: { host: servers.address('east'), port: 6380 } },
      },
    });
    const elsewhere = { ...run, planDigest: 'nowhere' };
    expect(await database.readDatabase({ run: elsewhere, site: 'east' })).toMatchObject({ reachable: false, reason: expect.stringContaining('ECONNREFUSED') });
    expect(await cache.readCache({ run: elsewhere, site: 'east' })).toMatchObject({ reachable: false, reason: expect.stringContaining('ECONNREFUSED') });
  });

  test('the cache is read', async () => {
    servers.redis('east', 'SET', 'session:seed-1:1', 'x');
    expect(await cache.readCache({ run, site: 'east' })).toMatchObject({
      reachable: true,
      role: 'primary',
      follows: 'none',
      standing: 'unexplained',
    });
    await eventually('west has the key', async () => {
      const state = await cache.readCache({ run, site: 'west' });
      return state.reachable && state.role === 'replica' && state.linkUp && state.keys >= 1 && state.follows === 'east';
    });
  });
});

describe('fences', () => {
  test('the agent of the site closes it, shown by writes that fail, and opens it again', async () => {
    const fence = await fencing.fenceByAgent({ run, site: 'east' });
    expect(fence).toMatchObject({
      method: 'agent',
      proven: true,
      servers: [
        { server: 'database', state: 'fenced' },
        { server: 'cache', state: 'fenced' },
      ],
    });
    expect(fence.positionBytes, 'the last position that anybody was promised').toBeGreaterThan(0);
    expect(fence.proof).toContain('no pg_hba.conf entry');
    expect(fence.proof).toContain('NOREPLICAS');
    expect(() => write('east', -1)).toThrow(/pg_hba/);
    expect(await fencing.readWriters({ run, sites: ['east', 'west'] })).toMatchObject([
      { state: 'fenced' },
      { state: 'fenced' },
      { state: 'standby' },
      { state: 'standby' },
    ]);
    expect(await fencing.unfenceByAgent({ run, site: 'east' })).toMatchObject({
      notTakenBack: [],
      done: expect.stringMatching(/^database .+; cache .+; service active/),
    });
    write('east', -2);
    expect(await fencing.readWriters({ run, sites: ['east'] })).toMatchObject([{ state: 'writer' }, { state: 'writer' }]);
  });

  test('an agent that cannot be reached proves nothing', async () => {
    await servers.kill('sshd-east');
    await pool.close(); // sshd's child for a connection outlives the listener
    const fence = await fencing.fenceByAgent({ run, site: 'east' });
    expect(fence).toMatchObject({ proven: false, servers: [{ state: 'unknown' }, { state: 'unknown' }] });
    expect(await fencing.readWriters({ run, sites: ['east'] })).toMatchObject([{ state: 'unknown' }, { state: 'unknown' }]);
  });

  test('what was not taken back is named, with the command that takes it back', async () => {
    const { notTakenBack } = await fencing.unfenceByAgent({ run, site: 'east' });
    expect(notTakenBack).toHaveLength(3);
    expect(notTakenBack[0]).toMatch(
      /^the database at east was not taken back, it may still be closed: .+; run "\/usr\/local\/lib\/dr\/site-agent \/etc\/dr\/agent\.conf database-open --epoch 3 --run failover\/test@1" at east$/,
    );
    expect(notTakenBack[2]).toMatch(/^the service at east .+ service-start .+ at east$/);
    const [standby, detached] = await fencing.reattach({ run, site: 'west', standbys: ['east', 'north'], replicas: [] });
    expect(standby).toMatchObject({
      site: 'east',
      state: 'unknown',
      how: expect.stringContaining('the database at east was not taken back, it may not follow west: '),
    });
    expect(detached).toMatchObject({ site: 'north', state: 'standby', how: 'following east' });
  });

  test('a site for which the plan names no server is never proven fenced', async () => {
    const { database: _database, cache: _cache, ...bare } = estate.sites['east']!;
    plans.set('no-servers', { ...estate, sites: { ...estate.sites, east: bare } });
    const fence = await fencing.fenceByAgent({ run: { ...run, planDigest: 'no-servers' }, site: 'east' });
    expect(fence).toMatchObject({ proven: false, servers: [], proof: expect.stringContaining('the plan names no server at east that its agent can close') });
  });

  test('nothing is detached when the heartbeat proves nothing', async () => {
    plans.set('at-once', { ...estate, limits: { ...estate.limits, heartbeatMaxAge: 'PT0S' } });
    const strict = { ...run, planDigest: 'at-once' };
    const fence = await fencing.fenceDatabaseByReplication({ run: strict, site: 'east', standbys: ['west', 'north'] });
    expect(fence).toMatchObject({ method: 'replication', proven: false, servers: [{ state: 'unknown' }] });
    expect(fence.proof).toMatch(/^The last heartbeat was .+ the plan allows 0 s\. Nothing was detached\.$/);
    expect(await fencing.fenceCacheByReplication({ run: strict, site: 'east', replicas: ['west', 'north'] })).toMatchObject({ proven: false });
    expect(await database.readDatabase({ run, site: 'west' })).toMatchObject({ follows: 'east', receiverActive: true });
    expect(servers.redis('east', 'INFO', 'replication')).toContain('connected_slaves:2');
  });

  test('nothing is detached when the synchronous standby is not among those that can leave', async () => {
    await servers.beat('east');
    const fence = await fencing.fenceDatabaseByReplication({ run, site: 'east', standbys: ['north'] });
    expect(fence).toMatchObject({ proven: false, proof: expect.stringContaining('West may still follow the primary') });
    expect(await database.readDatabase({ run, site: 'north' })).toMatchObject({ follows: 'east' });
    expect(await fencing.fenceCacheByReplication({ run, site: 'east', replicas: ['north'] })).toMatchObject({
      proven: false,
      proof: expect.stringContaining('1 of its 2 replicas may still follow'),
    });
  });

  test('what the primary had written and no standby that left has counts as lost until the target has it', async () => {
    const onlyWestLeaves: ActivityDependencies = {
      ...dependencies,
      agent: (of, site) => {
        const agent = dependencies.agent(of, site);
        if (site !== 'north') return agent;
        const tryChange = async () => ({ reachable: false as const, reason: 'it does not leave' });
        return { ask: (...asked) => agent.ask(...asked), change: (...asked) => agent.change(...asked), tryChange };
      },
    };
    const sender = Number(servers.sql('east', "select pid from pg_stat_replication where application_name = 'west'").trim());
    process.kill(sender, 'SIGSTOP'); // connected, and silent
    try {
      write('east', -20);
      await servers.beat('east');
      const word = servers.sql('east', 'select flushed_lsn from dr_heartbeat', 'app').trim();
      await eventually('north has the same', () => servers.sql('north', 'select flushed_lsn from dr_heartbeat', 'app').trim() === word);
      const fence = await createFencingActivities(onlyWestLeaves).fenceDatabaseByReplication({ run, site: 'east', standbys: ['west', 'north'] });
      expect(fence).toMatchObject({ proven: true, positionBytes: lsnBytes(word) });
      expect(fence.leftAtBytes, 'what is counted later begins at what is surely elsewhere').toBeLessThan(lsnBytes(word));
      expect(fence.proof).toMatch(
        /west left at 0\/[0-9A-F]+; \d+ bytes that the primary had written by then reached none of them; north did not: .*it does not leave/,
      );
    } finally {
      process.kill(sender, 'SIGCONT');
    }
    await fencing.reattach({ run, site: 'east', standbys: ['west'], replicas: [] });
    await eventually('west has caught up', () => servers.sql('west', 'select count(*) from payments where sequence = -20', 'app').trim() === '1');
  });

  test('after the standbys left, the primary acknowledges nothing, and they can come back', async () => {
    await servers.beat('east');
    const input = { run, site: 'east', standbys: ['west', 'north'] };
    const fence = await fencing.fenceDatabaseByReplication(input);
    expect(fence).toMatchObject({ method: 'replication', proven: true, servers: [{ site: 'east', state: 'fenced' }] });
    expect(fence.proof).toMatch(
      /^Each commit waits for 1 of west .+, with the settings that it had loaded \d+ s before that\. west left at 0\/[0-9A-F]+, north left at 0\/[0-9A-F]+\.$/,
    );
    expect(fence.assumption).toContain('Nobody changes east while it is cut off');
    expect(fence.positionBytes).toBeGreaterThan(0);
    expect(await fencing.fenceDatabaseByReplication(input), 'again, after a lost reply').toMatchObject({ proven: true, positionBytes: fence.positionBytes });
    expect((await servers.verb('east', 'write-test')).fields).toMatchObject({ database_write: 'no-answer' });
    await servers.startSshd('east');
    const [looksLikeWriter] = await fencing.readWriters({ run, sites: ['east'] });
    expect(looksLikeWriter).toMatchObject({ state: 'writer', waits: 'each commit waits for ANY 1 ("west"), and none of them is there' });
    await servers.kill('sshd-east');
    await pool.close();
    const back = await fencing.reattach({ run, site: 'east', standbys: ['west', 'north'], replicas: [] });
    expect(back).toMatchObject([
      { site: 'west', server: 'database', state: 'standby' },
      { site: 'north', state: 'standby' },
    ]);
    await eventually('east acknowledges again', async () => (await servers.verb('east', 'write-test')).fields['database_write'] === 'accepted');
  });

  test('after the replicas left, the cache is called fenced only when it acknowledges nothing', async () => {
    await servers.beat('east');
    const fence = await fencing.fenceCacheByReplication({ run, site: 'east', replicas: ['west', 'north'] });
    expect((await servers.verb('east', 'write-test')).fields).toMatchObject({ cache_write: 'refused' });
    expect(fence).toMatchObject({ proven: true, servers: [{ site: 'east', server: 'cache', state: 'fenced' }] });
    expect(await fencing.readWriters({ run, sites: ['west'] })).toMatchObject([
      { state: 'standby' },
      { state: 'standby', how: expect.stringContaining('refuses writes') },
    ]);
    // Pointed back at the lost primary by hand, after it had followed another: it must leave again, whatever its record says.
    await cache.followCache({ run, site: 'west', source: 'north', withinSeconds: 10 });
    servers.redis('west', 'REPLICAOF', servers.address('east'), '6379');
    await eventually('west follows east', async () => (await servers.verb('west', 'cache-status')).fields['follows'] === 'east');
    await fencing.fenceCacheByReplication({ run, site: 'east', replicas: ['west', 'north'] });
    expect((await servers.verb('west', 'cache-status')).fields).toMatchObject({ role: 'primary', detached: 'yes', left: 'east' });
    await servers.startSshd('east');
    const [database, looksLikeWriter] = await fencing.readWriters({ run, sites: ['east'] });
    expect(database, 'its standbys follow it').toEqual({ site: 'east', server: 'database', state: 'writer', how: expect.stringContaining('open to clients') });
    expect(looksLikeWriter).toMatchObject({ state: 'writer', waits: 'each write is refused with fewer replicas than 1, and 0 are there' });
    await servers.kill('sshd-east');
    await pool.close();
    expect(await fencing.reattach({ run, site: 'east', standbys: [], replicas: ['west', 'north'] })).toMatchObject([
      { server: 'cache', state: 'standby' },
      { state: 'standby' },
    ]);
  });
});

describe('the failover itself', () => {
  test('north catches up from west after east is gone', async () => {
    await servers.beat('east');
    await fencing.fenceDatabaseByReplication({ run, site: 'east', standbys: ['west', 'north'] });
    const west = await database.readDatabase({ run, site: 'west' });
    const change = await database.followDatabase({ run, site: 'north', source: 'west' });
    expect(change).toMatchObject({ before: 'following none', changed: true, after: expect.stringMatching(/^following west, replayed to 0\//) });
    const north = await database.readDatabase({ run, site: 'north' });
    expect(north.reachable && west.reachable && north.replayedBytes >= west.receivedBytes).toBe(true);
    expect(await database.followDatabase({ run, site: 'north', source: 'west' })).toMatchObject({ changed: false });
  });

  test('north is promoted and protected by west', async () => {
    const newer = { ...run, execution: 'failover/test@9', epoch: 4 };
    await expect(database.promoteDatabase({ run: newer, site: 'north' })).rejects.toMatchObject({
      type: 'transient',
      message: expect.stringContaining('Epoch 4 of this run is confirmed by 0 of its 4 holders, and 3 are needed'),
    });
    expect(await database.readDatabase({ run, site: 'north' })).toMatchObject({ inRecovery: true });
    const promotion = await database.promoteDatabase({ run, site: 'north' });
    expect(promotion).toMatchObject({ timelineBefore: 1, timelineAfter: 2, changed: true, after: 'primary on timeline 2' });
    expect(await database.promoteDatabase({ run, site: 'north' })).toMatchObject({ timelineBefore: 1, timelineAfter: 2, lsn: promotion.lsn, changed: false });
    await pool.close();
    const protection = await database.protectDatabase({ run, site: 'north', standbys: ['east', 'west'] });
    expect(protection.after).toMatch(/^west is synchronous; west follow; east does not follow: /);
    write('north', -3);
    expect(servers.sql('west', 'select count(*) from payments where sequence in (-2, -3)', 'app').trim()).toBe('2');
  });

  test('a primary without a standby waits for nobody, and says so', async () => {
    const change = await database.protectDatabase({ run, site: 'north', standbys: ['east'] });
    expect(change.after).toMatch(/^no standby is synchronous: writes wait for nobody; east does not follow: /);
  });

  test('the cache follows, is promoted, and compared', async () => {
    expect(await cache.followCache({ run, site: 'north', source: 'east', withinSeconds: 20 })).toMatchObject({ changed: false });
    const newer = { ...run, execution: 'failover/test@9', epoch: 4 };
    await expect(cache.promoteCache({ run: newer, site: 'north', replicas: [] })).rejects.toMatchObject({
      message: expect.stringContaining('The cache was not promoted.'),
    });
    const promotion = await cache.promoteCache({ run, site: 'north', replicas: ['west'] });
    expect(promotion).toMatchObject({ changed: true, after: 'primary; asks for 1 replica' });
    expect(promotion.comparison).toMatchObject({ by: 'numbers of keys', equal: true, keys: [{ site: 'north' }, { site: 'west' }] });
    expect(await cache.readCache({ run, site: 'north' })).toMatchObject({ role: 'primary', standing: 'promoted' });
    expect(await cache.readCache({ run, site: 'west' })).toMatchObject({
      role: 'replica',
      follows: 'north',
      linkUp: true,
      standing: 'replica',
    });
    const alone = await cache.promoteCache({ run, site: 'north', replicas: [] });
    expect(alone.comparison).toEqual({ by: 'nothing', why: 'no replica follows' });
  });
});
