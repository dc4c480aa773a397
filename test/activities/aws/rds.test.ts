/**
 * Goal: RDS for PostgreSQL as the database. Method: the emulator has the API, and two real PostgreSQL servers are the instances: what the emulator promotes, the test
 * promotes there, as RDS would. Nothing here is AWS itself.
 */
import { CreateDBInstanceCommand, CreateDBInstanceReadReplicaCommand, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkRds } from '../../../activities/access/aws.ts';
import { createRdsActivities } from '../../../activities/database/rds.ts';
import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import { createRdsFencing } from '../../../activities/fencing/rds.ts';
import type { FencingActivities } from '../../../activities/fencing/port.ts';
import { zone } from '../../../plan/rules/holders.ts';
import type { Plan } from '../../../plan/schema.ts';
import { Branches, branchPassword } from '../../site-agent/branches.ts';
import { eventually, testNetwork } from '../../site-agent/support.ts';
import { ZoneStandIn } from '../../support/zone-stand-in.ts';
import { awsAnswer, awsError, credentials, dependenciesOf, heldBy, Moto, older, passOn, run as anyRun, StandIn, type HeldEpochs } from './support.ts';
import { dependenciesOf as keptToo } from '../../support/dependencies.ts';

const run = { ...anyRun, from: 'lyon' };
const regions = { lyon: 'eu-west-3', gent: 'eu-west-1' } as const;
const servers = new Branches(testNetwork());
let moto: Moto;
let standIn: StandIn;
let api: RDSClient;
let held: HeldEpochs;
let zoneApi: ZoneStandIn;
let endpoint: string;
let plan: Plan;
let tls = false;

const base = dependenciesOf(
  () => withRds(plan),
  () => held,
  () => zoneApi,
);
const dependencies: ActivityDependencies = keptToo({ ...base, secret: async () => branchPassword });
const database = createRdsActivities(dependencies);

/** The plan of the two branches, whose databases are instances of RDS. */
function withRds(branches: Plan): Plan {
  const { name, observer } = branches.estate.database;
  const place = (site: 'lyon' | 'gent') => ({ region: regions[site], endpoint, instance: `desk-${site}` });
  const keys = { accessKeyId: 'env:A', secretAccessKey: 'env:B' };
  const instances = { lyon: place('lyon'), gent: place('gent') };
  return { ...branches, estate: { ...branches.estate, database: { driver: 'rds', name, observer, tls, credentials: keys, instances } } };
}

async function describeGent() {
  const { DBInstances: found } = await api.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'desk-gent' }));
  return found?.[0];
}

/** An instance as the API gives it; a replica of the one at lyon. */
function instanceXml(status: string, tags: Readonly<Record<string, string>> = {}): string {
  const source = `<ReadReplicaSourceDBInstanceIdentifier>arn:aws:rds:${regions.lyon}:1:db:desk-lyon</ReadReplicaSourceDBInstanceIdentifier>`;
  const list = Object.entries(tags).map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`);
  const arn = `<DBInstanceArn>arn:aws:rds:${regions.gent}:1:db:desk-gent</DBInstanceArn>`;
  return `<DBInstances><DBInstance>${arn}<DBInstanceStatus>${status}</DBInstanceStatus>${source}<TagList>${list.join('')}</TagList></DBInstance></DBInstances>`;
}

beforeAll(async () => {
  [moto, standIn, zoneApi] = await Promise.all([Moto.start(), StandIn.start(), ZoneStandIn.start(), servers.start()]);
  plan = await servers.plan({ lyon: '', gent: '' });
  const source = new RDSClient({ region: regions.lyon, endpoint: moto.endpoint, credentials });
  const options = { Engine: 'postgres', DBInstanceClass: 'db.t3.micro', AllocatedStorage: 20, MasterUsername: 'librarian', MasterUserPassword: 'test-only-1' };
  const { DBInstance: primary } = await source.send(new CreateDBInstanceCommand({ DBInstanceIdentifier: 'desk-lyon', ...options }));
  api = new RDSClient({ region: regions.gent, endpoint: moto.endpoint, credentials });
  await api.send(new CreateDBInstanceReadReplicaCommand({ DBInstanceIdentifier: 'desk-gent', SourceDBInstanceIdentifier: primary?.DBInstanceArn ?? '' }));
  source.destroy();
});
afterAll(async () => {
  api?.destroy();
  await Promise.all([moto?.stop(), standIn?.stop(), zoneApi?.stop(), servers.stop()]);
});
beforeEach(() => {
  held = heldBy(run, 'gent', zone.called);
  endpoint = moto.endpoint;
  standIn.asked.length = 0;
});

describe('before anything is promoted', () => {
  test('a replica is read by its observer, and its source by the API', async () => {
    const state = await database.readDatabase({ run, site: 'gent' });
    expect(state).toMatchObject({ reachable: true, inRecovery: true, follows: 'lyon', heartbeats: [] });
    expect(state).not.toHaveProperty('promotionBegun');
  });

  test('over TLS a database is read whose certificate is trusted, and no other', async () => {
    const certificate = servers.serveTls('gent');
    tls = true;
    try {
      const untrusted = { reachable: false, reason: expect.stringContaining('self-signed certificate') };
      await eventually('gent speaks TLS', async () => !JSON.stringify(await database.readDatabase({ run, site: 'gent' })).includes('not support SSL'));
      expect(await database.readDatabase({ run, site: 'gent' })).toMatchObject(untrusted);
      const script = `
        const { databaseLogin, withDatabase } = await import('./activities/probing/stores.ts');
        const plan = JSON.parse(process.env.PLAN);
        const login = await databaseLogin(plan, async () => '${branchPassword}');
        const { rows } = await withDatabase(plan, 'gent', login, 5000, (client) => client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()'));
        process.stdout.write(JSON.stringify(rows));`;
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate, PLAN: JSON.stringify({ estate: withRds(plan).estate }) };
      const told = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], { env, encoding: 'utf8' });
      expect(told).toBe('[{"ssl":true}]');
    } finally {
      tls = false;
    }
  });

  test('the estate check reads the instance and tells what it replicates', async () => {
    const [found] = await checkRds(withRds(plan), 'gent', { secret: async () => 'test' });
    expect(found).toMatchObject({ result: 'ok', detail: expect.stringMatching(/^desk-gent is available, a read replica of arn:aws:rds:eu-west-3:/) });
  });

  test('a replica follows no other one, and people are told what to choose', async () => {
    await expect(database.followDatabase({ run, site: 'gent', source: 'lyon' })).rejects.toMatchObject({
      type: 'refused',
      message: expect.stringContaining('Choose undo and fail over to lyon'),
    });
  });

  test('a fence is never called proven', async () => {
    const fencing = createRdsFencing(dependencies, { readWriters: async () => [] } as unknown as FencingActivities);
    expect(await fencing.fenceDatabaseByReplication({ run, site: 'lyon', standbys: ['gent'] })).toMatchObject({ proven: false });
    expect(await fencing.readWriters({ run, sites: ['lyon', 'gent'] })).toMatchObject([{ state: 'writer' }, { state: 'standby' }]);
  });

  test('a run whose epoch no majority holds, or that is older than the tag says, promotes nothing', async () => {
    held = new Map();
    await expect(database.promoteDatabase({ run, site: 'gent' })).rejects.toMatchObject({ type: 'transient' });
    held = heldBy(older, 'gent', zone.called);
    endpoint = standIn.endpoint;
    standIn.reply = ({ action }) => awsAnswer(action, instanceXml('available', { 'dr-epoch': '9 recovery/tickets@9' }));
    await expect(database.promoteDatabase({ run: older, site: 'gent' })).rejects.toMatchObject({
      type: 'stale-epoch',
      message: expect.stringContaining('The DB instance of gent holds epoch 9'),
    });
    expect(new Set(standIn.actions())).toEqual(new Set(['DescribeDBInstances']));
    expect((await describeGent())?.TagList ?? []).toEqual([]);
  });

  test.each(['stopped', 'failed', 'storage-full', 'incompatible-network', 'inaccessible-encryption-credentials'])(
    'an instance that is %s is for people at once',
    async (status) => {
      endpoint = standIn.endpoint;
      standIn.reply = ({ action }) => awsAnswer(action, instanceXml(status));
      await expect(database.promoteDatabase({ run, site: 'gent' })).rejects.toMatchObject({
        type: 'permanent',
        message: expect.stringContaining(`is ${status}`),
      });
      expect(standIn.actions()).not.toContain('PromoteReadReplica');
    },
  );

  test('a backup that is under way is waited for: AWS promotes nothing meanwhile', async () => {
    endpoint = standIn.endpoint;
    let reads = 0;
    standIn.reply = ({ action }) => {
      if (action === 'PromoteReadReplica') return awsError(403, 'AccessDenied');
      return awsAnswer(
        action,
        action === 'DescribeDBInstances' ? instanceXml((reads += 1) < 4 ? 'backing-up' : 'available', { 'dr-epoch': `${run.epoch} ${run.execution}` }) : '',
      );
    };
    await expect(database.promoteDatabase({ run, site: 'gent' })).rejects.toMatchObject({
      type: 'permanent',
      message: expect.stringContaining('AccessDenied'),
    });
    expect(reads).toBeGreaterThanOrEqual(4);
  });

  test.each([
    ['InvalidDBInstanceState', 400, 'transient'],
    ['DBInstanceNotFound', 404, 'permanent'],
    ['Throttling', 400, 'transient'],
    ['InsufficientDBInstanceCapacity', 400, 'capacity'],
    ['KMSKeyNotAccessibleFault', 400, 'permanent'],
  ])('%s is %i and %s', async (code, status, type) => {
    endpoint = standIn.endpoint;
    standIn.reply = ({ action }) =>
      action === 'PromoteReadReplica'
        ? awsError(status, code)
        : awsAnswer(action, action === 'DescribeDBInstances' ? instanceXml('available', { 'dr-epoch': `${run.epoch} ${run.execution}` }) : '');
    await expect(database.promoteDatabase({ run, site: 'gent' })).rejects.toMatchObject({ type, message: expect.stringContaining(code) });
  });
});

describe('the promotion', () => {
  test('an answer that is lost is no second promotion: the run waits for the first', async () => {
    endpoint = standIn.endpoint;
    const noted = { 'dr-epoch': `${run.epoch} ${run.execution}`, 'dr-promotion': `${run.execution} 1 0/3000000` };
    standIn.reply = ({ action }) =>
      action === 'PromoteReadReplica' ? 'no answer' : awsAnswer(action, action === 'DescribeDBInstances' ? instanceXml('available', noted) : '');
    await expect(database.promoteDatabase({ run, site: 'gent' })).rejects.toMatchObject({ type: 'transient', nonRetryable: false });
    expect(await database.readDatabase({ run, site: 'gent' })).toMatchObject({ promotionBegun: run.execution });
  });

  test('that RDS calls under way is waited for by the run that asked for it, and by no other', async () => {
    endpoint = standIn.endpoint;
    let noted = { 'dr-epoch': `${run.epoch} ${run.execution}`, 'dr-promotion': `${run.execution} 1 0/3000000` };
    let asked = false;
    standIn.reply = ({ action }) => {
      if (action === 'PromoteReadReplica') asked = true;
      if (action === 'PromoteReadReplica') return awsError(400, 'InvalidDBInstanceState');
      return awsAnswer(action, action === 'DescribeDBInstances' ? instanceXml(asked ? 'failed' : 'available', noted) : '');
    };
    await expect(database.promoteDatabase({ run, site: 'gent' })).rejects.toMatchObject({ message: expect.stringContaining('is failed') });
    [noted, asked] = [{ ...noted, 'dr-promotion': 'recovery/tickets@0 1 0/3000000' }, false];
    await expect(database.promoteDatabase({ run, site: 'gent' })).rejects.toMatchObject({ message: expect.stringContaining('InvalidDBInstanceState') });
  });

  test('that RDS has refused is not waited for, although this run has asked before: what AWS says reaches people', async () => {
    endpoint = standIn.endpoint;
    const noted = { 'dr-epoch': `${run.epoch} ${run.execution}`, 'dr-promotion': `${run.execution} 1 0/3000000` };
    standIn.reply = ({ action }) =>
      action === 'PromoteReadReplica'
        ? awsError(400, 'InvalidDBInstanceState')
        : awsAnswer(action, action === 'DescribeDBInstances' ? instanceXml('available', noted) : '');
    await expect(database.promoteDatabase({ run, site: 'gent' })).rejects.toMatchObject({ message: expect.stringContaining('InvalidDBInstanceState') });
  });

  test('is done when the database itself takes writes, on a higher timeline', async () => {
    endpoint = standIn.endpoint;
    standIn.reply = async (asked) => {
      const reply = await passOn(moto.endpoint, asked);
      // As RDS does: what its API has promoted, the server becomes.
      if (asked.action === 'PromoteReadReplica') servers.sql('gent', 'select pg_promote()');
      return reply;
    };
    const promotion = await database.promoteDatabase({ run, site: 'gent' });
    expect(promotion).toMatchObject({ changed: true, timelineBefore: 1, timelineAfter: 2, source: 'RDS in eu-west-1, and the database itself' });
    expect((await describeGent())?.TagList).toEqual(
      expect.arrayContaining([
        { Key: 'dr-epoch', Value: `${run.epoch} ${run.execution}` },
        { Key: 'dr-promotion', Value: expect.stringMatching(`^${run.execution} 1 0/`) },
      ]),
    );
    expect(await database.promoteDatabase({ run, site: 'gent' }), 'a reply that was lost').toMatchObject({ changed: false, timelineAfter: 2 });
    expect(standIn.actions().filter((action) => action === 'PromoteReadReplica')).toHaveLength(1);
  });

  test('is told to a run that comes later, which goes on from there', async () => {
    expect(await database.readDatabase({ run, site: 'gent' })).toMatchObject({
      inRecovery: false,
      follows: 'none',
      promotion: { by: run.execution, timeline: 2 },
    });
  });

  test('leaves no standby, and says so', async () => {
    const alone = await database.protectDatabase({ run, site: 'gent', standbys: ['lyon'] });
    expect(alone).toMatchObject({ changed: false, after: expect.stringContaining('no standby: RDS points no replica at gent') });
  });

  test('of a primary that nobody has noted is refused', async () => {
    await expect(database.promoteDatabase({ run, site: 'lyon' })).rejects.toMatchObject({
      type: 'refused',
      message: expect.stringMatching(/no run of this estate promoted it\. .* HINT: Find out who promoted it .* choose abort/),
    });
  });
});
