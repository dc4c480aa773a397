/** Goal: with every running site lost, the service comes back on a database that RDS and a cache that ElastiCache made of snapshots, with what was acknowledged up to the chosen moment and nothing after it. Method: a lab whose plan restores at `dr` by both, stand-ins of their APIs as strict as AWS, a real PostgreSQL and a real Redis behind what they make, the customers' ledger as judge. Nothing here is AWS itself. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { LabAddresses, ports } from '../../lab/addresses.ts';
import { ElastiCacheStandIn } from '../../lab/aws/elasticache.ts';
import { AwsProxy } from '../../lab/aws/proxy.ts';
import { RdsStandIn } from '../../lab/aws/rds.ts';
import { createCacheServers, createDatabaseServers } from '../../lab/aws/servers.ts';
import type { LabContext } from '../../lab/component.ts';
import { goldenCopy } from '../../lab/golden.ts';
import { type Answers, decideUntilEnd } from '../../lab/orchestrator/recovery.ts';
import { untilServed } from '../../lab/orchestrator/stack.ts';
import { repositoryRoot, stateRoot } from '../../lab/paths.ts';
import { databaseName } from '../../lab/settings.ts';
import { adminQuery } from '../../lab/postgres/query.ts';
import { agentPassfile } from '../../lab/site/agent.ts';
import { backupFolders } from '../../lab/site/folders.ts';
import type { Plan } from '../../plan/schema.ts';
import type { Estate } from '../../plan/schema/estate.ts';
import type { ElastiCacheTarget, RdsTarget } from '../../plan/schema/restore-aws.ts';
import type { Report } from '../../report/report.ts';
import { coldStart } from '../driven/cold-start.ts';
import { answersOf, choicesOf } from '../driven/driven.ts';
import { until } from '../support/until.ts';
import { Scenarios } from './support.ts';

const minutes = 60_000;
const [site, lost] = ['dr', ['us-east-1', 'eu-central-1', 'ap-southeast-1']] as const;
const place = { region: 'eu-west-1', account: '123456789012' } as const;
const tables = ['api_records', 'payments', 'analytics_events', 'admin_settings'];
let scenarios: Scenarios;
let context: LabContext;
let rds: RdsStandIn;
let elasticache: ElastiCacheStandIn;
let proxy: AwsProxy;

beforeAll(async () => {
  scenarios = await Scenarios.start('cold-start-aws');
  const directory = dirname(scenarios.stack.plan);
  const [, index] = (scenarios.plan.estate.sites[site]?.agent.host ?? '').split('.');
  const addresses = new LabAddresses(Number(index));
  context = { name: 'cold-start-aws', directory, repository: repositoryRoot(), addresses, log: () => {} };
  const { passwords } = await goldenCopy(stateRoot(context.repository), context.repository, addresses.real(site), () => {});
  const backups = backupFolders(directory);
  const parts = { context, site, told: { host: addresses.seen(site, 'orchestrator') }, passwords: () => passwords };
  const paces = { creating: 2_000, 'backing-up': 1_000, modifying: 1_000, deleting: 1_000 };
  rds = new RdsStandIn(place, paces, createDatabaseServers(parts, { base: backups.base, wal: backups.wal, baseOf: () => 'base-1' }));
  elasticache = new ElastiCacheStandIn(place, paces, createCacheServers(parts, backups.cache));
  rds.parameterGroups.set('shop-dr', 'postgres15');
  rds.subnetGroups.add('shop-dr');
  proxy = new AwsProxy({ rds, elasticache });
  await proxy.listen('127.0.0.1', 0);
}, 5 * minutes);
afterAll(async () => {
  await proxy?.close();
  await Promise.all([rds?.servers.stop('shop-dr'), elasticache?.servers.stop('shop-dr')]);
  await scenarios?.stop();
}, minutes);

/** The lab's plan, whose target is at AWS. */
function restoreByAws(): void {
  const file = join(scenarios.stack.plan, 'estate.yaml');
  const { estate } = parse(readFileSync(file, 'utf8')) as { estate: Estate };
  const dr = estate.sites[site];
  if (!dr?.restore || !estate.restore) throw new Error('The plan has changed.');
  const { host } = dr.restore.database;
  const credentials = { accessKeyId: 'file:../secrets/aws-access-key', secretAccessKey: 'file:../secrets/aws-secret-key' };
  const shared = {
    ...{ region: place.region, endpoint: `http://127.0.0.1:${proxy.port}`, credentials, subnetGroup: 'shop-dr', parameterGroup: 'shop-dr', multiAz: true },
    ...{ backupRetentionDays: 7, closedSecurityGroups: ['sg-0c105ed0'], securityGroups: ['sg-0e4e4e00'] },
  };
  const byRds: RdsTarget = {
    ...shared,
    instance: 'shop-dr',
    source: { instance: 'shop-copy' },
    classes: ['db.r6g.large', 'db.m6g.large'],
    deletionProtection: true,
  };
  const byElastiCache: ElastiCacheTarget = {
    ...shared,
    replicationGroup: 'shop-dr',
    source: { replicationGroup: 'shop-cache' },
    nodeTypes: ['cache.r6g.large'],
    replicas: 1,
  };
  dr.restore = { database: { host, port: ports.postgres, rds: byRds }, cache: { host, port: ports.redis, elasticache: byElastiCache } };
  // No host of the target restores anything.
  for (const part of ['ssh', 'application', 'sessions'] as const) delete estate.restore[part];
  writeFileSync(file, stringify({ estate }));
  const runbooks = join(scenarios.stack.plan, 'procedures.yaml');
  const plan = parse(readFileSync(runbooks, 'utf8')) as Pick<Plan, 'procedures'>;
  const { coldStart: runbook } = plan.procedures;
  if (!runbook) throw new Error('The plan has changed.');
  runbook.steps = runbook.steps.filter(({ id }) => !['restore-application', 'restore-sessions', 'configure'].includes(id));
  writeFileSync(runbooks, stringify(plan));
}

/** A backup, under the names by which AWS knows it; the moment at which it was made. */
async function backUp(): Promise<Date> {
  await scenarios.control('backup');
  const at = new Date();
  const { region, account } = place;
  const arn = (service: string, name: string) => `arn:aws:${service}:${region}:${account}:snapshot:${name}`;
  rds.snapshots.push({ name: 'base-1', instance: 'shop-copy', arn: arn('rds', 'base-1'), status: 'available', engineVersion: '15.18', at, gibibytes: 20 });
  elasticache.snapshots.push({
    name: 'base-1',
    group: 'shop-cache',
    arn: arn('elasticache', 'base-1'),
    status: 'available',
    engineVersion: '7.0.15',
    at,
    size: '1 MB',
  });
  return at;
}

const sql = <Row extends object>(text: string) => adminQuery<Row>(context.addresses.real(site), agentPassfile(context.directory, site), databaseName, text);

/** An empty server waits at the target for hosts' restores: here there is none. */
async function endEmptyCache(): Promise<void> {
  const pid = Number(readFileSync(join(context.directory, 'pids', `redis-${site}`), 'utf8').split(' ')[0]);
  process.kill(pid, 'SIGKILL');
  const gone = () => {
    try {
      process.kill(pid, 0);
      return undefined;
    } catch {
      return true;
    }
  };
  await until('the empty cache has ended', async () => gone());
}

it('serves customers from RDS and ElastiCache: all that was acknowledged up to the moment, and nothing after it', { timeout: 8 * minutes }, async () => {
  await scenarios.stack.worker.stop();
  restoreByAws();
  await scenarios.stack.startWorker();
  await endEmptyCache();
  await scenarios.serveCustomers();
  const begun = new Date().toISOString();
  const earliest = await backUp();
  await until('customers write on', async () => (Date.now() - earliest.getTime() > 8_000 ? true : undefined), 30);
  const since = Date.now();
  await Promise.all(lost.map((each) => scenarios.control('kill', { site: each })));
  // What was archived until shortly before: AWS tells a time up to which it can restore in the same way.
  const latest = new Date(since - 3_000);
  rds.automatic.push({ instance: 'shop-copy', resourceId: 'db-COPY', region: place.region, engineVersion: '15.18', earliest, latest });

  const answer = await scenarios.stack.dr('coldstart', 'start', '--at', site, '--as', 'carol-brown', '--detach');
  expect(answer.code, answer.err).toBe(0);
  const answers: Answers = { ...answersOf(coldStart), 'accepted-risk': (gate) => choicesOf(gate)[0] ?? null };
  await decideUntilEnd(scenarios.stack, answers);
  const report = JSON.parse((await scenarios.stack.dr('report', '--json')).out) as Report;
  expect(report.outcome, `${report.summary} ${JSON.stringify(report.steps.filter(({ result }) => result !== 'done'))}`).toBe('recovered with exceptions');
  await untilServed(scenarios.stack);

  const step = (id: string) => report.steps.find((each) => each.id === id);
  expect(step('restore-database')?.evidence).toMatch(/rows read once: [1-9]\d* in 5 tables.*made as db\.r6g\.large/);
  expect(step('restore-cache')?.evidence).toMatch(/the snapshot has [1-9]\d* keys/);
  expect(step('first-backup'), JSON.stringify(report.exceptions)).toMatchObject({ result: 'done' });
  const chosen = String(report.gates.find(({ gate }) => gate.startsWith('activation'))?.answer?.value);
  const figures = await scenarios.figures(begun);
  expect(figures.missing).toMatchObject({ database: site, unknown: [] });
  for (const row of figures.missing.writes.filter(({ function: id }) => id !== 'session-management'))
    expect(Date.parse(row.acknowledgedAt), JSON.stringify(row)).toBeGreaterThan(Date.parse(chosen));
  const opened = step('open-database')?.startedAt ?? '';
  const counted = tables.map(
    (table) => `select count(*)::int as rows from ${table} where written_at > '${chosen}' and written_at < '${opened}' and customer like 'customer%'`,
  );
  expect(await sql(counted.join(' union all '))).toEqual(tables.map(() => ({ rows: 0 })));

  const [instance] = rds.instances.values();
  const [group] = elasticache.groups.values();
  expect([instance?.tags.get('dr-stage'), group?.tags.get('dr-stage'), instance?.settings.get('DeletionProtection')]).toEqual(['accepted', 'accepted', 'true']);
  expect([instance?.groups, group?.groups]).toEqual([[{ id: 'sg-0e4e4e00', status: 'active' }], [{ id: 'sg-0e4e4e00', status: 'active' }]]);
  expect(rds.snapshots.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'base-1 available',
    expect.stringMatching(/^shop-dr-.*first-backup-1 available$/),
  ]);
  process.stdout.write(`cold start at AWS: ${figures.missing.rows} rows lost after ${chosen}; ${JSON.stringify(report.clock)}\n`);
});
