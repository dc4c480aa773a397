/**
 * Goal: a line that a check prints helps, and lets in no further than the reads of a run need. Method: real servers; each line is put where the check says, until it finds
 * nothing more; then the worker's own reads, and what an observer must not do.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createAccessActivities } from '../../../activities/access/activities.ts';
import { elastiCacheAcl } from '../../../activities/access/lines.ts';
import type { AccessCheck } from '../../../activities/access/port.ts';
import { observeCache } from '../../../activities/cache/observer.ts';
import { observe } from '../../../activities/database/observer.ts';
import { createAgentPool } from '../../../activities/ssh/agent.ts';
import { compareCounts } from '../../../activities/verification/counts.ts';
import { loadPlan } from '../../../plan/load.ts';
import { planSchema, type Plan } from '../../../plan/schema.ts';
import { createSecret } from '../../../workers/dependencies.ts';
import { testNetwork } from '../../site-agent/support.ts';
import { RedisServer } from '../aws/datastore.ts';
import { makeCertificates, OnePostgres } from './servers.ts';
import type { FolderDependencies } from '../../../activities/dependencies.ts';
import { dependenciesOf } from '../../support/dependencies.ts';

const site = 'gent';
const run = { runId: 'run', execution: 'run@1', planDigest: 'library', epoch: 1 };
const repository = join(import.meta.dirname, '../../..');
/** What stands beside the plan: secrets and certificates. */
const planFolder = mkdtempSync(join(tmpdir(), 'dr-lines-'));
const postgres = new OnePostgres(`127.${testNetwork()}.78.1`);
let library: Plan;
let plan: Plan;

const read = { planOf: async () => plan, secret: createSecret(planFolder, []), now: () => new Date() };
const pool = createAgentPool(read);
const reads = dependenciesOf<FolderDependencies>({ ...read, planFolder, agent: (context, at) => pool.agent(context, at) });
const access = createAccessActivities(reads);

beforeAll(async () => {
  await postgres.start();
  library = (await loadPlan(join(repository, 'test/plans/library'))).plan;
  mkdirSync(join(planFolder, 'keys'));
  for (const secret of ['database-password', 'cache-password', 'keys/keeper']) writeFileSync(join(planFolder, secret), 'test-only');
});
afterAll(async () => {
  await pool.close();
  await postgres.stop();
  rmSync(planFolder, { recursive: true, force: true });
});

/** What the check finds of one server, when it is asked as an operator asks. */
async function found(what: string): Promise<AccessCheck> {
  const { checks } = await access.checkSiteAccess({ run, site });
  const check = checks.find((each) => each.what === what);
  if (!check) throw new Error(`Nothing was said of ${what}.`);
  return check;
}

/** Puts each line where the check says until nothing lacks; the lines, in their order. A line that does not help is printed again, and ends it. */
async function follow(what: string, put: (where: string, line: string) => void | Promise<void>): Promise<readonly string[]> {
  const lines: string[] = [];
  for (;;) {
    const { result, detail, add } = await found(what);
    if (result === 'ok') return lines;
    if (!add || lines.includes(add.line)) throw new Error(`After ${lines.length} lines: ${result}: ${detail} ${add?.line ?? ''}`);
    lines.push(add.line);
    await put(add.where, add.line);
  }
}

/** `estate.database` or `estate.cache` of the plan with one more line, as whoever writes YAML adds it. */
function addToPlan(where: string, line: string): void {
  const part = where.startsWith('estate.database') ? 'database' : 'cache';
  for (const [file, source] of [
    ['ca.pem', 'ca.pem'],
    ['client.pem', 'client.pem'],
    ['client.key', 'client.key'],
  ] as const)
    copyFileSync(join(part === 'database' ? postgres.folder : planFolder, source), join(planFolder, `${part}-${file}`));
  plan = planSchema.parse({ ...plan, estate: { ...plan.estate, [part]: { ...plan.estate[part], ...(parse(line) as object) } } });
}

/** Signs in as the observer does, and says what came of each statement: what was refused says why. */
async function asObserver(statements: readonly string[], ssl: pg.ClientConfig['ssl'] = false): Promise<readonly string[]> {
  const { address: host, port } = postgres;
  const client = new pg.Client({ host, port, user: 'desk_watch', database: 'lending', password: 'test-only', ssl });
  await client.connect();
  const said: string[] = [];
  for (const statement of statements) {
    const answer = client.query(statement).then(() => 'done');
    said.push(await answer.catch((error: Error) => error.message));
  }
  await client.end();
  return said;
}

describe('PostgreSQL', () => {
  const what = 'PostgreSQL, to look';
  let hba: string[];

  beforeEach(async () => {
    const nowhere = { host: postgres.address, port: 1 };
    const database = {
      driver: 'postgresql' as const,
      name: 'lending',
      observer: { user: 'desk_watch', password: 'file:database-password' },
      heartbeatTable: 'desk_heartbeat',
    };
    const place = { ...library.estate.sites[site]!, agent: { ...library.estate.sites[site]!.agent, ...nowhere }, service: nowhere };
    plan = {
      ...library,
      estate: {
        ...library.estate,
        database,
        sites: { ...library.estate.sites, [site]: { ...place, database: { host: postgres.address, port: postgres.port } } },
      },
    };
    hba = [];
    postgres.openTo();
    postgres.sql('alter system reset ssl; alter system reset primary_conninfo');
    await postgres.reload();
    postgres.sql(
      "do $$ begin if exists (select from pg_roles where rolname = 'desk_watch') then drop owned by desk_watch; drop role desk_watch; end if; end $$",
    );
  });

  async function put(where: string, line: string): Promise<void> {
    if (where.startsWith('psql')) postgres.sql(line.replace('<the secret>', 'test-only'));
    else if (where.startsWith('estate.database')) addToPlan(where, line);
    else await open([line.replace('<address of the workers>', '127.0.0.1'), ...hba]);
  }

  async function open(lines: readonly string[]): Promise<void> {
    hba = [...lines];
    postgres.openTo(...hba);
    await postgres.reload();
  }

  async function encrypt(): Promise<void> {
    postgres.sql('alter system set ssl = on');
    await postgres.reload();
  }

  test('what is printed from nothing on suffices for the reads of a run, and for no more', async () => {
    postgres.sql("alter system set primary_conninfo = 'host=elsewhere user=copies password=of-the-copies'");
    await postgres.reload();
    expect(await follow(what, put)).toEqual([
      'host lending desk_watch <address of the workers>/32 scram-sha-256',
      expect.stringContaining('CREATE ROLE desk_watch LOGIN'),
      'GRANT pg_read_all_stats TO desk_watch;',
      'GRANT SELECT ON desk_heartbeat, loans, readers, reservations, titles TO desk_watch;',
    ]);
    expect(await observe(reads, run, site)).toMatchObject({ reachable: true, server: { inRecovery: false, systemIdentifier: expect.stringMatching(/^\d+$/) } });
    const probe = { function: 'loans', path: '/loans', tables: ['loans', 'readers'], cacheKeys: [] };
    expect(await compareCounts(reads, run, { site, reference: site }, probe)).toEqual({ differences: [], remarks: [] });
    const writable = 'set default_transaction_read_only = off';
    const tries = [
      'insert into loans values (2)',
      'delete from titles',
      'create table mine (id int)',
      'alter system set ssl = on',
      "select pg_read_file('postgresql.conf')",
    ];
    const [, ...said] = await asObserver([writable, ...tries, 'show primary_conninfo', 'select pg_promote()']);
    for (const answer of said) expect(answer).toMatch(/permission denied|must be superuser/);
    expect(said).toHaveLength(7);
  });

  test('an observer of an older line may read a password no more, nor write', async () => {
    await open(['host lending desk_watch 127.0.0.1/32 scram-sha-256']);
    postgres.sql(
      "create role desk_watch login password 'test-only'; grant pg_monitor to desk_watch; grant select, insert on all tables in schema public to desk_watch",
    );
    postgres.sql("alter system set primary_conninfo = 'host=elsewhere user=copies password=of-the-copies'");
    await postgres.reload();
    expect(await asObserver(['show primary_conninfo', 'insert into loans values (2)'])).toEqual(['done', 'done']);
    expect(await follow(what, put)).toEqual([
      'REVOKE pg_monitor, pg_read_all_settings FROM desk_watch;\nGRANT pg_read_all_stats TO desk_watch;',
      expect.stringMatching(/^REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON .*loans/),
    ]);
    for (const answer of await asObserver(['show primary_conninfo', 'insert into loans values (2)']))
      expect(answer).toMatch(/permission denied|must be superuser/);
  });

  test('where pg_hba.conf asks for TLS, the line is one of the plan', async () => {
    await encrypt();
    await open(['hostssl lending desk_watch 127.0.0.1/32 scram-sha-256']);
    expect(await found(what)).toMatchObject({ result: 'lacking', detail: expect.stringContaining('lets desk_watch in over TLS only') });
    expect((await follow(what, put)).slice(0, 2)).toEqual(['tls: { caFile: database-ca.pem }', expect.stringContaining('CREATE ROLE')]);
    const [encrypted] = await asObserver(['select 1 / (select count(*) from pg_stat_ssl where pid = pg_backend_pid() and ssl)'], {
      ca: readFileSync(join(postgres.folder, 'ca.pem')),
      host: postgres.address,
    });
    expect(encrypted).toBe('done');
  });

  test('where it asks for a certificate, the line has one', async () => {
    await encrypt();
    await open(['hostssl lending desk_watch 127.0.0.1/32 scram-sha-256 clientcert=verify-full']);
    const [line] = await follow(what, put);
    expect(line).toBe("tls: { caFile: database-ca.pem, client: { certificate: 'file:database-client.pem', key: 'file:database-client.key' } }");
    expect(await observe(reads, run, site)).toMatchObject({ reachable: true });
  });

  test('where a line rejects the workers, the new one stands above it; over TLS it is one for TLS', async () => {
    await encrypt();
    await open(['host all all 0.0.0.0/0 reject']);
    expect(await found(what)).toMatchObject({
      add: { where: 'pg_hba.conf, above the line that rejects it, then reload', line: expect.stringMatching(/^host /) },
    });
    plan = { ...plan, estate: { ...plan.estate, database: { ...plan.estate.database, tls: { caFile: 'database-ca.pem' } } } };
    copyFileSync(join(postgres.folder, 'ca.pem'), join(planFolder, 'database-ca.pem'));
    expect((await follow(what, put))[0]).toBe('hostssl lending desk_watch <address of the workers>/32 scram-sha-256');
  });

  test('a certificate that nobody here trusts is named, and nothing secret is sent; a server without TLS too', async () => {
    plan = { ...plan, estate: { ...plan.estate, database: { ...plan.estate.database, tls: true } } };
    await open(['hostssl lending desk_watch 127.0.0.1/32 scram-sha-256']);
    expect(await found(what)).toMatchObject({
      result: 'lacking',
      detail: expect.stringContaining('does not support SSL connections, and estate.database.tls'),
    });
    await encrypt();
    expect(await found(what)).toMatchObject({
      detail: expect.stringMatching(/^Its certificate is not accepted: (self-signed certificate in certificate chain|unable to verify)/),
      add: { line: 'tls: { caFile: database-ca.pem }' },
    });
    rmSync(join(planFolder, 'database-ca.pem'), { force: true });
    plan = { ...plan, estate: { ...plan.estate, database: { ...plan.estate.database, tls: { caFile: 'database-ca.pem' } } } };
    expect(await found(what), 'a file that is not there').toMatchObject({
      result: 'lacking',
      detail: expect.stringContaining('database-ca.pem cannot be read'),
    });
  });
});

describe('Redis', () => {
  const what = 'Redis, to look';
  const user = 'desk_watch';
  let server: RedisServer;

  afterEach(() => server?.stop());

  async function serve(settings: (port: number) => readonly string[] = (port) => [`port ${port}`]): Promise<void> {
    server = await RedisServer.start((_folder, port) => ['masterauth of-the-replicas', 'enable-debug-command yes', ...settings(port)]);
    const place = library.estate.sites[site]!;
    const nowhere = { host: '127.0.0.1', port: 1 };
    const cache = { driver: 'redis' as const, observer: { user, password: 'file:cache-password' }, replicaMaxLag: 'PT2S', writesWaitForReplicas: 1 };
    const here = { ...place, agent: { ...place.agent, ...nowhere }, service: nowhere, database: nowhere, cache: { host: '127.0.0.1', port: server.port } };
    plan = {
      ...library,
      estate: {
        ...library.estate,
        database: { ...library.estate.database, observer: { user, password: 'file:database-password' } },
        cache,
        sites: { ...library.estate.sites, [site]: here },
      },
    };
  }

  async function put(where: string, line: string): Promise<void> {
    if (where.startsWith('estate.cache')) addToPlan(where, line);
    else await setUser(line);
  }

  async function setUser(line: string): Promise<void> {
    const [name = '', ...words] = line.replace('<the secret>', 'test-only').split(' ');
    await server.admin.call(name, ...words);
  }

  /** What came of each command of the observer, or the error. */
  async function asUser(commands: readonly string[]): Promise<readonly string[]> {
    const redis = new Redis({
      host: '127.0.0.1',
      port: server.port,
      username: user,
      password: 'test-only',
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    const said: string[] = [];
    for (const command of commands) {
      const [name = '', ...words] = command.split(' ');
      const answer = redis.call(name, ...words).then((given) => JSON.stringify(given));
      said.push(await answer.catch((error: Error) => error.message));
    }
    redis.disconnect();
    return said;
  }

  const forbidden = ['CONFIG GET masterauth', 'CONFIG SET maxmemory 1', 'DEBUG DIGEST', 'GET session:1', 'DUMP session:1', 'SET session:1 x', 'DEL session:1', 'FLUSHALL', 'REPLICAOF NO ONE', 'ACL LIST', 'SHUTDOWN', 'KEYS *', 'MONITOR', 'EVAL return 0', 'SUBSCRIBE x']; // prettier-ignore

  async function sufficesAndNoMore(): Promise<void> {
    await server.admin.set('session:1', 'of a customer');
    expect(await observeCache(reads, run, site)).toMatchObject({ reachable: true, server: { role: 'primary', keys: 1 } });
    const probe = { function: 'loans', path: '/loans', tables: [], cacheKeys: ['session:*'] };
    expect(await compareCounts(reads, run, { site, reference: site }, probe)).toEqual({ differences: [], remarks: [] });
    for (const [index, answer] of (await asUser(forbidden)).entries()) expect(answer, forbidden[index]).toMatch(/^NOPERM/);
  }

  test('what is printed for a user that is not there suffices for the reads of a run, and for no more', async () => {
    await serve();
    expect(await follow(what, put)).toEqual([expect.stringMatching(/^ACL SETUSER desk_watch on ><the secret> /)]);
    await sufficesAndNoMore();
  });

  test('a user of an older line, who reads the password of the replicas, is found, and fixed', async () => {
    await serve();
    const older = '+info +role +scan +dbsize +ping +select +client|setname +config|get +debug';
    await setUser(`ACL SETUSER ${user} on >test-only ~* resetchannels -@all ${older}`);
    expect(await asUser(['CONFIG GET masterauth'])).toEqual(['["masterauth","of-the-replicas"]']);
    expect((await found(what)).detail).toBe('It may read settings, passwords among them, and stop the server, which an observer must not.');
    await follow(what, put);
    await sufficesAndNoMore();
  });

  test('a user who may write is found', async () => {
    await serve();
    await setUser(`ACL SETUSER ${user} on >test-only ~* +@all -config -debug`);
    expect((await found(what)).detail).toBe('It may write, which an observer must not.');
  });

  test('the line for ElastiCache gives the same rights', async () => {
    await serve();
    await setUser(`ACL SETUSER ${user} >test-only ${/"(.+)"/.exec(elastiCacheAcl(user))?.[1]}`);
    await sufficesAndNoMore();
  });

  test.each([
    ['no certificate', 'tls-auth-clients no', 'tls: { caFile: cache-ca.pem }'],
    [
      'one of its clients',
      'tls-auth-clients yes',
      "tls: { caFile: cache-ca.pem, client: { certificate: 'file:cache-client.pem', key: 'file:cache-client.key' } }",
    ],
  ])('a server that speaks TLS and wants %s is said to, with the line of the plan', async (_name, clients, line) => {
    makeCertificates(planFolder, '127.0.0.1', user);
    const file = (name: string) => join(planFolder, name);
    await serve((port) => [
      'port 0',
      `tls-port ${port}`,
      `tls-cert-file ${file('server.pem')}`,
      `tls-key-file ${file('server.key')}`,
      `tls-ca-cert-file ${file('ca.pem')}`,
      clients,
    ]);
    expect(await follow(what, put)).toEqual([line, expect.stringContaining('ACL SETUSER')]);
    expect(await observeCache(reads, run, site)).toMatchObject({ reachable: true });
  });

  test('a server without TLS is told from one that is down', async () => {
    await serve();
    plan = { ...plan, estate: { ...plan.estate, cache: { ...plan.estate.cache!, tls: true } } };
    expect(await found(what)).toMatchObject({ result: 'lacking', detail: expect.stringContaining('speaks no TLS') });
    plan = {
      ...plan,
      estate: { ...plan.estate, sites: { ...plan.estate.sites, [site]: { ...plan.estate.sites[site]!, cache: { host: '127.0.0.1', port: 1 } } } },
    };
    expect(await found(what)).toMatchObject({ result: 'unreachable', detail: expect.stringContaining('ECONNREFUSED') });
  });
});
