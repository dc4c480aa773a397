/**
 * Goal: a Global Datastore of ElastiCache as the cache. Method: real Redis servers are the replication groups, the emulator has their tags, and a server of the tests answers the two
 * calls that no emulator has with AWS's documented XML. Nothing here is AWS itself.
 */
import { execFileSync } from 'node:child_process';
import { AddTagsToResourceCommand } from '@aws-sdk/client-elasticache';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkAgent } from '../../../activities/access/agent.ts';
import { checkElastiCache } from '../../../activities/access/aws.ts';
import { checkCache } from '../../../activities/access/redis.ts';
import { siteAgent } from '../../../activities/ssh/programs.ts';
import { createElastiCacheActivities } from '../../../activities/cache/elasticache.ts';
import { createElastiCacheFencing } from '../../../activities/fencing/elasticache.ts';
import { createRdsFencing } from '../../../activities/fencing/rds.ts';
import type { FencingActivities } from '../../../activities/fencing/port.ts';
import { loadPlan } from '../../../plan/load.ts';
import { zone } from '../../../plan/rules/holders.ts';
import type { Plan } from '../../../plan/schema.ts';
import { until } from '../../support/until.ts';
import { Datastore, makeCertificate, RedisServer, regions, replicationGroup, type Place } from './datastore.ts';
import { ZoneStandIn } from '../../support/zone-stand-in.ts';
import { awsError, dependenciesOf, heldBy, older, run, type HeldEpochs } from './support.ts';

let datastore: Datastore;
let tickets: Plan;
let plan: Plan;
let held: HeldEpochs;
let zoneApi: ZoneStandIn;

const dependencies = dependenciesOf(
  () => plan,
  () => held,
  () => zoneApi,
);
const cache = createElastiCacheActivities(dependencies);
const promote = (replicas: readonly Place[] = []) => cache.promoteCache({ run, site: 'dublin', replicas });
const failovers = () => datastore.standIn.actions().filter((action) => action === 'FailoverGlobalReplicationGroup').length;

/** The plan with the addresses of this machine. */
function here(ports: Readonly<Record<Place, number>>, tls = false): Plan {
  const { estate } = tickets;
  if (estate.cache?.driver !== 'elasticache') throw new Error('The plan has changed.');
  const places = Object.keys(regions) as Place[];
  const endpoint = datastore.standIn.endpoint;
  const replicationGroups = Object.fromEntries(places.map((place) => [place, { region: regions[place], endpoint, replicationGroup }]));
  const credentials = { accessKeyId: 'env:A' as const, secretAccessKey: 'env:B' as const };
  const sites = places.map((place) => [place, { ...estate.sites[place], cache: { host: '127.0.0.1', port: ports[place] } }]);
  return {
    ...tickets,
    estate: { ...estate, cache: { ...estate.cache, tls, credentials, replicationGroups }, sites: Object.fromEntries(sites), witnesses: [] },
  };
}

const ports = (): Readonly<Record<Place, number>> => ({
  paris: datastore.servers.paris.port,
  dublin: datastore.servers.dublin.port,
  stockholm: datastore.servers.stockholm.port,
});

beforeAll(async () => {
  [datastore, { plan: tickets }, zoneApi] = await Promise.all([Datastore.start(), loadPlan('test/plans/tickets'), ZoneStandIn.start()]);
});
afterAll(() => Promise.all([datastore?.stop(), zoneApi?.stop()]));
beforeEach(async () => {
  held = heldBy(run, 'dublin', 'stockholm', zone.called);
  plan = here(ports());
  await datastore.reset();
  await datastore.servers.paris.admin.flushall();
  await datastore.servers.paris.admin.set('hold:1', 'seat 12');
});

describe('before anything is promoted', () => {
  test('a replica is read by its observer, and whom it follows by the API', async () => {
    expect(await cache.readCache({ run, site: 'dublin' })).toMatchObject({
      reachable: true,
      role: 'replica',
      follows: 'paris',
      linkUp: true,
      standing: 'replica',
    });
    expect(await cache.readCache({ run, site: 'paris' })).toMatchObject({ role: 'primary', follows: 'none', standing: 'unexplained' });
    datastore.standIn.reply = () => awsError(503, 'ServiceUnavailable');
    expect(await cache.readCache({ run, site: 'dublin' }), 'without the API').toMatchObject({ role: 'replica', follows: 'unknown', standing: 'replica' });
  });

  test('a replica follows no other one, and people are told what to choose', async () => {
    await expect(cache.followCache({ run, site: 'dublin', source: 'stockholm', withinSeconds: 1 })).rejects.toMatchObject({
      type: 'refused',
      message: expect.stringContaining('Choose undo and fail over to stockholm'),
    });
  });

  const databaseClosed = { site: 'paris', server: 'database', state: 'fenced', how: 'closed' };
  test('a fence is never called proven, whoever fences the database', async () => {
    const others = {
      fenceByAgent: async () => ({ method: 'agent', proven: true, servers: [databaseClosed], proof: 'closed', at: '' }),
      readWriters: async () => [],
      reattach: async ({ replicas }: { replicas: readonly string[] }) => replicas,
    } as unknown as FencingActivities;
    const fencing = createElastiCacheFencing(dependencies, others);
    expect((await fencing.fenceByAgent({ run, site: 'paris' })).servers, 'the agent proves what it closes').toEqual([databaseClosed]);
    expect(await fencing.fenceCacheByReplication({ run, site: 'paris', replicas: ['dublin'] })).toMatchObject({ proven: false });
    expect(await fencing.readWriters({ run, sites: ['paris', 'dublin'] })).toMatchObject([{ state: 'writer' }, { state: 'standby' }]);
    expect(await fencing.reattach({ run, site: 'paris', standbys: [], replicas: ['dublin'] })).toEqual([]);
    const both = createRdsFencing(dependencies, fencing);
    expect(await both.fenceDatabaseByReplication({ run, site: 'paris', standbys: ['dublin'] })).toMatchObject({ proven: false });
    expect(await both.fenceCacheByReplication({ run, site: 'paris', replicas: ['dublin'] })).toMatchObject({ proven: false });
  });

  test('the estate check reads datastore, replication group and tags', async () => {
    const [found] = await checkElastiCache(plan, 'dublin', dependencies);
    expect(found).toMatchObject({
      result: 'ok',
      detail: 'tickets is available, in ldgnf-tickets, which is available with its primary at paris; failing over is not tried',
    });
  });

  test('the estate check finds members that plan and datastore do not share, several shards, and a right that is lacking', async () => {
    const details = async () => (await checkElastiCache(plan, 'dublin', dependencies)).map(({ result, detail }) => `${result}: ${detail}`);
    datastore.members = ['paris', 'dublin'];
    expect(await details()).toEqual(['lacking: The Global Datastore ldgnf-tickets has no member that the plan gives for stockholm.']);
    await datastore.reset();
    if (plan.estate.cache?.driver !== 'elasticache') throw new Error('The plan has changed.');
    const { stockholm: _out, ...replicationGroups } = plan.estate.cache.replicationGroups;
    plan = { ...plan, estate: { ...plan.estate, cache: { ...plan.estate.cache, replicationGroups } } };
    expect(await details()).toEqual(['lacking: The Global Datastore ldgnf-tickets has members that the plan does not name: tickets in eu-north-1.']);
    datastore.clusterMode = true;
    expect(await details()).toEqual([expect.stringContaining('lacking: The Global Datastore ldgnf-tickets has cluster mode on')]);
    datastore.standIn.reply = () => awsError(403, 'AccessDenied');
    const [denied] = await checkElastiCache(plan, 'dublin', dependencies);
    expect(denied?.add?.line).toContain('elasticache:FailoverGlobalReplicationGroup');
  });

  test.each([
    ['is asked for nothing that AWS does in its place', siteAgent.version, ['identify', 'service-status', 'files-status', 'switch-status']],
    ['that is too old is named, and asked for nothing more', siteAgent.version - 1, ['identify']],
  ])('an agent %s', async (_what, version, verbs) => {
    const asked: string[] = [];
    const told: Readonly<Record<string, string>> = { site: 'dublin', version: String(version) };
    const fields = {
      get: (key: string) => told[key] ?? '',
      find: () => undefined,
      all: () => [],
      flag: () => false,
      aheadSeconds: undefined,
      at: () => undefined,
    };
    const never = () => Promise.reject(new Error('An estate check changes nothing.'));
    const ask = async (verb: string) => (asked.push(verb), { reachable: true as const, fields });
    const [login] = await checkAgent(plan, 'dublin', { ask, change: never, tryChange: never }, 'no key');
    expect(asked).toEqual(verbs);
    if (version < siteAgent.version) expect(login).toMatchObject({ result: 'lacking', detail: expect.stringContaining('Install its site-agent first') });
  });

  test('an observer that is turned away is given its rights where AWS keeps them', async () => {
    const [turnedAway] = await checkCache(plan, 'dublin', 'dr_observer', { password: 'wrong' });
    expect(turnedAway).toMatchObject({ result: 'lacking', add: { line: expect.stringContaining('aws elasticache modify-user --user-id dr_observer') } });
  });
});

describe('what keeps a run from promoting', () => {
  test('no majority that holds its epoch', async () => {
    held = new Map();
    await expect(promote()).rejects.toMatchObject({
      type: 'transient',
      message: expect.stringContaining('Epoch 4 of this run is confirmed by 0 of its 4 holders'),
    });
    expect(failovers()).toBe(0);
    expect(await datastore.tagsOf('dublin')).toEqual({});
  });

  test('a newer epoch in the tag of the replication group', async () => {
    held = heldBy(older, 'dublin', 'stockholm', zone.called);
    const Tags = [{ Key: 'dr-epoch', Value: '9 recovery/tickets@9' }];
    await datastore.ask('dublin', (client) => client.send(new AddTagsToResourceCommand({ ResourceName: datastore.arn('dublin'), Tags })));
    await expect(cache.promoteCache({ run: older, site: 'dublin', replicas: [] })).rejects.toMatchObject({
      type: 'stale-epoch',
      message: expect.stringContaining('The replication group of dublin holds epoch 9'),
    });
    expect(failovers()).toBe(0);
    expect(await datastore.tagsOf('dublin')).toEqual({ 'dr-epoch': '9 recovery/tickets@9' });
  });

  test.each(['deleting', 'create-failed', 'unknown'])('a datastore that is %s, which is for people at once', async (status) => {
    datastore.status = status;
    await expect(promote()).rejects.toMatchObject({ type: 'permanent', message: expect.stringContaining(`ldgnf-tickets is ${status}.`) });
    expect(failovers()).toBe(0);
  });

  test('a target that is no member', async () => {
    [datastore.status, datastore.members] = ['primary-only', ['paris']];
    await expect(promote()).rejects.toMatchObject({ type: 'permanent', message: expect.stringContaining('tickets in eu-west-1 is no member') });
    expect(failovers()).toBe(0);
  });

  test('several shards', async () => {
    datastore.clusterMode = true;
    await expect(promote()).rejects.toMatchObject({ type: 'permanent', message: expect.stringContaining('cluster mode') });
    expect(failovers()).toBe(0);
  });

  test('a primary that no run has noted', async () => {
    await expect(cache.promoteCache({ run, site: 'paris', replicas: [] })).rejects.toMatchObject({
      type: 'refused',
      message: expect.stringMatching(/no run of this estate promoted it\. .* HINT: Find out who promoted it .* choose abort/),
    });
    expect(failovers()).toBe(0);
  });

  test.each([
    ['InvalidGlobalReplicationGroupState', 400, 'transient'],
    ['GlobalReplicationGroupNotFoundFault', 404, 'permanent'],
    ['AccessDenied', 403, 'permanent'],
    ['InvalidParameterValue', 400, 'permanent'],
    ['Throttling', 400, 'transient'],
    ['APICallRateForCustomerExceeded', 400, 'transient'],
    ['UnsupportedOperation', 400, 'permanent'],
  ])('%s, which is %i and %s', async (code, status, type) => {
    datastore.onFailover = () => awsError(status, code);
    await expect(promote()).rejects.toMatchObject({ type, message: expect.stringContaining(code) });
    expect(failovers()).toBe(1);
  });

  test.each([
    ['InvalidReplicationGroupState', 'transient'],
    ['ReplicationGroupNotFoundFault', 'permanent'],
    ['InvalidARN', 'permanent'],
  ])('tags that cannot be read for %s, which is %s', async (code, type) => {
    datastore.standIn.reply = (asked) => (asked.action === 'ListTagsForResource' ? awsError(400, code) : datastore.answer(asked));
    await expect(promote()).rejects.toMatchObject({ type, message: expect.stringContaining(code) });
    expect(failovers()).toBe(0);
  });
});

describe('the promotion', () => {
  test('is done when Redis itself is a primary, and is told to a run that comes later', async () => {
    const promotion = await promote(['stockholm']);
    expect(promotion).toMatchObject({
      changed: true,
      after: 'primary',
      source: 'ElastiCache in eu-west-1, and Redis itself',
      comparison: { by: 'numbers of keys', equal: true, keys: [{ site: 'dublin' }, { site: 'stockholm' }] },
    });
    expect((await datastore.servers.dublin.admin.role())[0]).toBe('master');
    expect(await datastore.tagsOf('dublin')).toEqual({ 'dr-epoch': `${run.epoch} ${run.execution}`, 'dr-promotion': run.execution });
    expect(new Set(datastore.standIn.asked.map(({ authorization }) => /\/(eu-[a-z]+-\d)\//.exec(authorization)?.[1])), 'the API of the target only').toEqual(
      new Set(['eu-west-1']),
    );
    expect(await cache.readCache({ run, site: 'dublin' })).toMatchObject({ role: 'primary', standing: 'promoted', follows: 'none' });
    expect(await cache.readCache({ run, site: 'stockholm' })).toMatchObject({ role: 'replica', standing: 'replica', follows: 'dublin' });
    expect(await promote(['stockholm']), 'a reply that was lost').toMatchObject({ changed: false, comparison: { equal: true } });
    expect(failovers()).toBe(1);
  });

  test('does not hang on a replica that does not answer, and says so', async () => {
    plan = here({ ...ports(), stockholm: 1 });
    expect(await promote(['stockholm'])).toMatchObject({
      changed: true,
      comparison: { by: 'nothing', why: 'no replica follows' },
      after: expect.stringContaining('stockholm does not follow yet'),
    });
  });

  test('waits until a datastore that is being changed is available', async () => {
    datastore.status = 'modifying';
    let reads = 0;
    datastore.standIn.reply = (asked) => {
      if (asked.action === 'DescribeGlobalReplicationGroups' && (reads += 1) === 3) datastore.status = 'available';
      return datastore.answer(asked);
    };
    datastore.onFailover = (to) => {
      expect(datastore.status).toBe('available');
      return datastore.failOver(to).then(() => undefined);
    };
    expect(await promote()).toMatchObject({ changed: true });
    expect(failovers()).toBe(1);
  });

  test('an answer that is lost is no second failover: the run waits for the first', async () => {
    datastore.onFailover = () => {
      datastore.status = 'modifying';
      return 'no answer';
    };
    await expect(promote()).rejects.toMatchObject({ type: 'transient', nonRetryable: false });
    expect(await datastore.tagsOf('dublin'), 'noted before it was sent').toMatchObject({ 'dr-promotion': run.execution });
    const again = promote();
    const reads = () => datastore.standIn.actions().filter((action) => action === 'DescribeGlobalReplicationGroups').length;
    const before = reads();
    await until('the second attempt has looked twice', async () => (reads() >= before + 2 ? true : undefined));
    await datastore.failOver('dublin');
    datastore.status = 'available';
    expect(await again).toMatchObject({ changed: true });
    expect(failovers()).toBe(1);
  });

  test('of which only the API speaks is not believed: Redis is a replica still', async () => {
    datastore.onFailover = (to) => void (datastore.primary = to);
    let done = false;
    const promotion = promote().then((result) => ((done = true), result));
    const reads = () => datastore.standIn.actions().slice(datastore.standIn.actions().lastIndexOf('FailoverGlobalReplicationGroup')).length;
    await until('the API was read three times since', async () => (failovers() === 1 && reads() >= 4 ? true : undefined));
    expect(done).toBe(false);
    expect(await cache.readCache({ run, site: 'dublin' })).toMatchObject({ role: 'replica', standing: 'replica' });
    await datastore.become('dublin');
    expect(await promotion).toMatchObject({ changed: true });
  });

  test('of which only Redis speaks is not believed: AWS would make it a replica again', async () => {
    datastore.onFailover = (to) => datastore.become(to).then(() => undefined);
    let done = false;
    const promotion = promote().then((result) => ((done = true), result));
    const reads = () => datastore.standIn.actions().slice(datastore.standIn.actions().lastIndexOf('FailoverGlobalReplicationGroup')).length;
    await until('the API was read three times since', async () => (failovers() === 1 && reads() >= 4 ? true : undefined));
    expect(done).toBe(false);
    expect(await cache.readCache({ run, site: 'dublin' })).toMatchObject({ role: 'primary', standing: 'unexplained' });
    datastore.primary = 'dublin';
    expect(await promotion).toMatchObject({ changed: true });
  });

  test('that AWS breaks on the way is for people at once, also in the middle of the wait', async () => {
    datastore.onFailover = () => void (datastore.status = 'deleting');
    await expect(promote()).rejects.toMatchObject({ type: 'permanent', message: expect.stringContaining('is deleting') });
    await datastore.reset();
    datastore.onFailover = () => void (datastore.standIn.reply = () => awsError(403, 'AccessDenied'));
    await expect(promote()).rejects.toMatchObject({ type: 'permanent', message: expect.stringContaining('AccessDenied') });
  });
});

describe('over TLS', () => {
  let server: RedisServer;
  let certificate: string;

  beforeAll(async () => {
    server = await RedisServer.start((folder, port) => {
      const made = makeCertificate(folder);
      certificate = made.certificate;
      return ['port 0', `tls-port ${port}`, `tls-cert-file ${made.certificate}`, `tls-key-file ${made.key}`, 'tls-auth-clients no'];
    });
  });
  afterAll(() => server?.stop());

  test('a server is read whose certificate is trusted, and no other', async () => {
    plan = here({ ...ports(), dublin: server.port }, true);
    expect(await cache.readCache({ run, site: 'dublin' })).toMatchObject({ reachable: false, reason: expect.stringContaining('self-signed certificate') });
    const script = `
      const { cacheLogin, withCache } = await import('./activities/probing/stores.ts');
      const plan = JSON.parse(process.env.PLAN);
      const login = await cacheLogin(plan, async () => 'test');
      process.stdout.write(await withCache(plan, 'dublin', login, 5000, (redis) => redis.info('replication')));`;
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate, PLAN: JSON.stringify({ estate: plan.estate }) };
    const told = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], { env, encoding: 'utf8' });
    expect(told).toContain('role:master');
  });
});
