/** What the restores by AWS are tried on: stand-ins of the two APIs as strict as AWS, real backups of a real PostgreSQL and a real Redis behind the snapshots' names, and a plan that restores at `dr` by both. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { RunContext } from '../../../activities/context.ts';
import type { JobAt } from '../../../activities/jobs/port.ts';
import { createJobsActivities } from '../../../activities/jobs/activities.ts';
import { createRestoreActivities } from '../../../activities/restore/activities.ts';
import { createStoreJobs, createStoreRestores } from '../../../activities/restore/by-store.ts';
import { AwsProxy } from '../../../lab/aws/proxy.ts';
import { ElastiCacheStandIn } from '../../../lab/aws/elasticache.ts';
import { RdsStandIn } from '../../../lab/aws/rds.ts';
import { createCacheServers, createDatabaseServers } from '../../../lab/aws/servers.ts';
import { LabAddresses, ports } from '../../../lab/addresses.ts';
import { startChild, type Child } from '../../../lab/child.ts';
import type { LabContext } from '../../../lab/component.ts';
import type { Passwords } from '../../../lab/golden.ts';
import { serverFile, serverFolder } from '../../../lab/ownership.ts';
import { writeHostRules, writePostgresConfig } from '../../../lab/postgres/config.ts';
import { initialiseData } from '../../../lab/postgres/initialise.ts';
import { dropSharedMemory } from '../../../lab/postgres/shared-memory.ts';
import { redisConfig } from '../../../lab/redis/config.ts';
import { run as runProgram } from '../../../lab/run.ts';
import { accounts, databaseName } from '../../../lab/settings.ts';
import { program } from '../../../lab/setup/paths.ts';
import { systemIdentifier } from '../../../lab/site/restore.ts';
import { loadPlan } from '../../../plan/load.ts';
import type { Plan } from '../../../plan/schema.ts';
import type { ElastiCacheTarget, RdsTarget } from '../../../plan/schema/restore-aws.ts';
import { testNetwork } from '../../site-agent/support.ts';
import { makeServerFolder } from '../../support/server-files.ts';
import { until } from '../../support/until.ts';
import { dependenciesOf, heldBy, type HeldEpochs } from './support.ts';

export const run: RunContext = {
  runId: 'recovery/erlmcp-production',
  execution: 'recovery/erlmcp-production@4',
  planDigest: 'restores',
  epoch: 4,
  holdersAccepted: 1,
};
export const place = { region: 'eu-west-1', account: '123456789012' } as const;
const passwords: Passwords = { admin: 'test-admin', replication: 'test-copies', service: 'test-service', observer: 'test-only' };
const [source, target] = ['us-east-1', 'dr'] as const;

export class RestoredStores {
  readonly paces = { creating: 300, 'backing-up': 200, modifying: 200, deleting: 200 };
  readonly rds: RdsStandIn;
  readonly elasticache: ElastiCacheStandIn;
  readonly proxy: AwsProxy;
  readonly moments = { snapshot: '', chosen: '', after: '' };
  held: HeldEpochs = heldBy(run, 'dr');
  plan!: Plan;
  private readonly context: LabContext;
  private readonly directory: string;
  private readonly children: Child[] = [];

  private constructor() {
    this.directory = makeServerFolder('dr-restored-');
    serverFolder(this.directory, 0o755);
    const addresses = new LabAddresses(testNetwork());
    this.context = { name: 'restored', directory: this.directory, repository: process.cwd(), addresses, log: () => {} };
    const parts = { context: this.context, site: target, told: { host: addresses.real(target) }, passwords: () => passwords };
    this.rds = new RdsStandIn(place, this.paces, createDatabaseServers(parts, { base: this.path('base'), wal: this.path('wal'), baseOf: () => 'nightly' }));
    this.elasticache = new ElastiCacheStandIn(place, this.paces, createCacheServers(parts, this.path('cache')));
    this.proxy = new AwsProxy({ rds: this.rds, elasticache: this.elasticache });
  }

  static async start(): Promise<RestoredStores> {
    const stores = new RestoredStores();
    await stores.proxy.listen('127.0.0.1', 0);
    await Promise.all([stores.backUpDatabase(), stores.backUpCache()]);
    await stores.readPlan();
    stores.reset();
    return stores;
  }

  async stop(): Promise<void> {
    await this.emptyTarget();
    await this.proxy.close();
    await Promise.all(this.children.map((child) => child.stop(3_000, 'SIGQUIT')));
    await dropSharedMemory(this.directory);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** A target with nothing but snapshots, and an AWS without faults. */
  async emptyTarget(): Promise<void> {
    for (const [name] of this.rds.instances) await this.rds.servers.stop(name);
    for (const [name] of this.elasticache.groups) await this.elasticache.servers.stop(name);
    this.reset();
  }

  private reset(): void {
    const { region, account } = place;
    const { rds, elasticache } = this;
    rds.instances.clear();
    elasticache.groups.clear();
    for (const set of [rds.noRoom, rds.noRoomLater, rds.forgets, rds.disabledKeys, elasticache.noRoom, elasticache.forgets]) set.clear();
    [rds.quota, elasticache.quota] = [10, 10];
    this.proxy.faults.clear();
    this.proxy.calls.length = 0;
    rds.parameterGroups.clear();
    rds.parameterGroups.set('erlmcp-dr', 'postgres15').set('default.postgres15', 'postgres15');
    rds.subnetGroups.clear();
    rds.subnetGroups.add('erlmcp-dr').add('default');
    const arn = (name: string) => `arn:aws:rds:${region}:${account}:snapshot:${name}`;
    const of = { instance: 'erlmcp-copy', status: 'available', engineVersion: '15.18', gibibytes: 20 };
    rds.snapshots.splice(0, Infinity, { ...of, name: 'nightly', arn: arn('nightly'), at: new Date(this.moments.snapshot) });
    const latest = new Date(Date.parse(this.moments.after));
    const backups = { instance: 'erlmcp-copy', resourceId: 'db-ABCDEF', region, engineVersion: '15.18', earliest: new Date(this.moments.snapshot), latest };
    rds.automatic.splice(0, Infinity, backups);
    const cacheArn = `arn:aws:elasticache:${region}:${account}:snapshot:sessions-1`;
    const cache = { name: 'sessions-1', group: 'erlmcp-cache', arn: cacheArn, status: 'available', engineVersion: '7.0.15', size: '1 MB' };
    elasticache.snapshots.splice(0, Infinity, { ...cache, at: new Date(this.moments.snapshot) });
    this.held = heldBy(run, 'dr');
  }

  /** Drivers and jobs as the worker has them. */
  drivers() {
    const base = dependenciesOf(
      () => this.plan,
      () => this.held,
    );
    const dependencies = { ...base, secret: async (reference: string) => (reference.includes('observer') ? passwords.observer : 'test') };
    return {
      restores: createStoreRestores(dependencies, createRestoreActivities(dependencies)),
      jobs: createStoreJobs(dependencies, createJobsActivities(dependencies)),
      dependencies,
    };
  }

  /** Started, watched, and started once more where the next part waits for it, as a run does, which tries again what may heal; the state at the end. */
  async carryOut(job: JobAt, id: string, start: () => Promise<{ readonly after: string }>): Promise<string> {
    const { jobs } = this.drivers();
    for (;;) {
      const { after } = await whileItHeals(start);
      if (after !== 'running') return after;
      for (;;) {
        const { state, waitsForStart, lastLine = '' } = await whileItHeals(() => jobs.watchJob({ ...job, id, withinSeconds: 10 }));
        if (state !== 'running') return `${state}: ${lastLine}`;
        if (waitsForStart) break;
      }
    }
  }

  /** Rows at the restored database, as its administrator. */
  async sql<Row extends object>(sql: string, site: 'us-east-1' | 'dr' = target): Promise<readonly Row[]> {
    const client = new pg.Client({
      host: this.context.addresses.real(site),
      port: ports.postgres,
      user: accounts.admin,
      password: passwords.admin,
      database: databaseName,
    });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async keys(): Promise<number> {
    const client = new Redis({ host: this.context.addresses.real(target), port: ports.redis, password: passwords.admin, lazyConnect: true });
    await client.connect();
    try {
      return await client.dbsize();
    } finally {
      client.disconnect();
    }
  }

  /** Changes the plan's targets. */
  withTargets(change: (rds: RdsTarget, elasticache: ElastiCacheTarget) => void): void {
    const restore = this.plan.estate.sites[target]?.restore;
    if (!restore?.database.rds || !restore.cache?.elasticache) throw new Error('The plan has changed.');
    change(restore.database.rds, restore.cache.elasticache);
  }

  async readPlan(): Promise<void> {
    const { plan } = await loadPlan('plan/erlmcp');
    const { restore, sites } = plan.estate;
    const dr = sites[target];
    if (!restore || !dr) throw new Error('The plan has changed.');
    const host = this.context.addresses.real(target);
    const endpoint = `http://127.0.0.1:${this.proxy.port}`;
    const credentials = { accessKeyId: 'env:A', secretAccessKey: 'env:B' };
    const shared = {
      region: place.region,
      endpoint,
      credentials,
      subnetGroup: 'erlmcp-dr',
      parameterGroup: 'erlmcp-dr',
      multiAz: true,
      backupRetentionDays: 7,
      closedSecurityGroups: ['sg-0c105ed0'],
      securityGroups: ['sg-0e4e4e00', 'sg-0f00f00f'],
      tags: { team: 'DR' },
    };
    const rds: RdsTarget = {
      ...shared,
      instance: 'erlmcp-dr',
      source: { instance: 'erlmcp-copy' },
      classes: ['db.r6g.large', 'db.m6g.large'],
      deletionProtection: true,
    };
    const elasticache: ElastiCacheTarget = {
      ...shared,
      parameterGroup: 'default.redis7',
      replicationGroup: 'erlmcp-dr',
      source: { replicationGroup: 'erlmcp-cache' },
      nodeTypes: ['cache.r6g.large', 'cache.m6g.large'],
      replicas: 1,
    };
    const at = { database: { host, port: ports.postgres, rds }, cache: { host, port: ports.redis, elasticache } };
    const database = { ...plan.estate.database, name: databaseName, observer: { user: accounts.observer, password: 'env:observer' } };
    const cache = plan.estate.cache && { ...plan.estate.cache, observer: { user: accounts.observer, password: 'env:observer' } };
    const identifier = systemIdentifier(this.path('golden'));
    this.plan = structuredClone({
      ...plan,
      estate: {
        ...plan.estate,
        database: database.driver === 'postgresql' ? { ...database, tls: false } : database,
        ...(cache?.driver === 'redis' ? { cache: { ...cache, tls: false } } : {}),
        restore: { ...restore, database: { ...restore.database, systemIdentifier: identifier } },
        functionProbes: plan.estate.functionProbes.map((probe) => ({ ...probe, tables: probe.tables.filter((table) => table === 'payments') })),
        sites: { ...sites, [target]: { ...dr, restore: at } },
      },
    });
  }

  private path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  /** Rows before the backup, before the moment that is chosen, and after it. */
  private async backUpDatabase(): Promise<void> {
    const schema = readFileSync('lab/schema.sql', 'utf8');
    const host = this.context.addresses.real(source);
    await initialiseData(this.path('golden'), host, passwords, schema);
    for (const folder of ['base', 'wal']) serverFolder(this.path(folder), 0o755);
    await runProgram(['cp', '-a', this.path('golden'), this.path('source')], { unprivileged: true, cwd: '/' });
    writePostgresConfig(this.path('source'), host);
    writeHostRules(this.path('source'), this.context.addresses.index);
    serverFile(this.path('source', 'postgresql.auto.conf'), `archive_command = 'cp "%p" "${this.path('wal')}/%f"'\n`);
    const child = await startChild(this.context, 'source', {
      command: program('postgres'),
      args: ['-D', this.path('source')],
      cwd: this.path('source'),
      unprivileged: true,
    });
    this.children.push(child);
    await until('the source answers', async () => (await this.sql('select 1', source), true), 30);
    const pay = (from: number, to: number) =>
      this.sql(`insert into payments (customer, sequence, token) select 'customer-1', n, 'token-' || n from generate_series(${from}, ${to}) as n`, source);
    const moment = async () =>
      (await this.sql<{ at: string }>(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"000Z"') as at`, source))[0]?.at ?? '';
    /** AWS takes a moment to the millisecond: what is before one, and what is after it, must not share it. */
    const nextMoment = async () => {
      const now = await moment();
      return until('the clock goes on', async () => ((await moment()) > now ? moment() : undefined), 5);
    };
    await pay(1, 100);
    const login = ['-h', host, '-p', String(ports.postgres), '-U', accounts.admin];
    const env = { ...process.env, PGPASSWORD: passwords.admin };
    await runProgram([program('pg_basebackup'), ...login, '-D', this.path('base', 'nightly'), '-c', 'fast', '-X', 'none'], {
      unprivileged: true,
      cwd: '/',
      env,
    });
    this.moments.snapshot = await moment();
    await pay(101, 150);
    this.moments.chosen = await nextMoment();
    await nextMoment();
    await pay(151, 160);
    this.moments.after = await nextMoment();
    await nextMoment();
    await pay(161, 162);
    await this.sql('select pg_switch_wal()', source);
    await until(
      'its log is archived',
      async () =>
        (await this.sql<{ done: boolean }>('select last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) as done from pg_stat_archiver', source))[0]
          ?.done
          ? true
          : undefined,
      30,
    );
  }

  private async backUpCache(): Promise<void> {
    const folder = this.path('redis');
    serverFolder(folder);
    mkdirSync(this.path('cache'), { mode: 0o755 });
    serverFolder(this.path('cache'), 0o755);
    const host = this.context.addresses.real(source);
    const file = serverFile(join(folder, 'redis.conf'), redisConfig(folder, source, 'alone', this.context.addresses, passwords));
    this.children.push(await startChild(this.context, 'redis', { command: program('redis-server'), args: [file], cwd: folder, unprivileged: true }));
    const client = new Redis({ host, port: ports.redis, password: passwords.admin, retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => {});
    await until('Redis answers', async () => ((await client.ping()) === 'PONG' ? true : undefined));
    const pipeline = client.pipeline();
    for (let each = 1; each <= 300; each += 1) pipeline.set(`session:${each}`, 'seat');
    await pipeline.exec();
    await client.save();
    const keep = (name: string) => runProgram(['cp', join(folder, 'dump.rdb'), this.path('cache', `${name}.rdb`)], { unprivileged: true, cwd: '/' });
    await keep('sessions-1');
    await client.flushall();
    await client.save();
    await keep('empty');
    client.disconnect();
  }
}

/** As a run does: what is transient is tried again after a pause, and nothing else. */
export async function whileItHeals<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + 20_000; ; await pause(50)) {
    try {
      return await work();
    } catch (error) {
      if ((error as { type?: string }).type !== 'transient' || Date.now() > deadline) throw error;
    }
  }
}
