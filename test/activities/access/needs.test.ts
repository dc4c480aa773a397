/** Goal: a green estate check means that a failover can begin. Method: three sites on real servers, green at first; each deviation is made, named with what helps, and taken back. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkAgent } from '../../../activities/access/agent.ts';
import { checkNeeds, fencedBy, standingOf } from '../../../activities/access/needs.ts';
import type { AccessCheck } from '../../../activities/access/port.ts';
import { checkService } from '../../../activities/access/service.ts';
import type { RunContext } from '../../../activities/context.ts';
import { observe } from '../../../activities/database/observer.ts';
import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import { createAgentPool, type AgentPool } from '../../../activities/ssh/agent.ts';
import type { Plan } from '../../../plan/schema.ts';
import { sites, TestEstate, type TestSite } from '../../site-agent/estate.ts';
import { eventually, testNetwork } from '../../site-agent/support.ts';
import { possibleHere } from '../../zoo/shape.ts';
import { fill } from '../../zoo/shaping.ts';
import { until } from '../../support/until.ts';
import { dependenciesOf } from '../../support/dependencies.ts';

const servers = new TestEstate(testNetwork());
const run: RunContext = { runId: 'estate-check', execution: 'estate-check@1', planDigest: 'p', epoch: 0 };
let plan: Plan;
let pool: AgentPool;

const dependencies: ActivityDependencies = dependenciesOf({
  planOf: async () => plan,
  secret: async (reference) => (reference === 'env:TEST_PASSWORD' ? 'test-only' : readFileSync(reference.slice('file:'.length), 'utf8').trim()),
  agent: (context, site) => pool.agent(context, site),
  now: () => new Date(),
});

beforeAll(async () => {
  await servers.start();
  const keys = Object.fromEntries(await Promise.all(sites.map(async (site) => [site, await servers.startSshd(site)] as const))) as Record<TestSite, string>;
  for (const site of sites) conf(site, (text) => text.replace(/^FILES=.*$/m, `FILES=${servers.path(site, 'service', 'service.config')}`));
  const roles = { east: 'primary', west: 'secondary', north: 'tertiary' } as const;
  plan = {
    estate: servers.plan(keys),
    sites: sites.map((id) => ({ id, role: roles[id], targetOf: id === 'east' ? [] : ['regionalFailover'] })),
    procedures: { regionalFailover: {} },
  } as unknown as Plan;
  pool = createAgentPool(dependencies);
});
afterAll(async () => {
  await pool?.close();
  await servers.stop();
});

function conf(site: TestSite, change: (text: string) => string): void {
  const file = servers.path(site, 'agent.conf');
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

/** What lacks at all sites, as `dr estate check` would show it; the observers' own logins are tried elsewhere. */
async function findings(): Promise<readonly string[]> {
  const all = await Promise.all(
    sites.map(async (site): Promise<readonly string[]> => {
      const agent = pool.agent(run, site);
      const standing = await standingOf(plan, site, agent);
      if (!standing) return [`${site}: no answer`];
      const seen = await observe(dependencies, run, site);
      const known = { heartbeats: seen.reachable ? seen.heartbeats : [], now: new Date() };
      const service = site === 'east' ? [] : [await checkService(plan, site, undefined, standing)];
      const checks = [...(await checkAgent(plan, site, agent, 'none')), ...service, ...(await checkNeeds(plan, site, agent, standing, known))];
      return checks.filter(({ result }) => result !== 'ok').map((check) => `${site}: ${words(check)}`);
    }),
  );
  return all.flat();
}

const words = ({ what, detail, add }: AccessCheck) => `${what}: ${detail}${add ? ` ADD ${add.where}: ${add.line}` : ''}`;

/** Green before, exactly this finding with the deviation, green after. */
async function deviation(make: () => void | Promise<void>, takeBack: () => void | Promise<void>, ...named: readonly RegExp[]): Promise<void> {
  await make();
  try {
    await eventually(`it is named: ${named.join(' and ')}`, async () => {
      await servers.beat('east');
      const found = await findings();
      for (const one of named) if (!found.some((line) => one.test(line))) throw new Error(found.join('\n') || 'nothing was found');
      return true;
    });
  } finally {
    await takeBack();
  }
  await green();
}

async function green(): Promise<void> {
  await eventually('the estate is green', async () => {
    await servers.beat('east');
    const found = await findings();
    if (found.length > 0) throw new Error(found.join('\n'));
    return true;
  });
}

/** An override is named with a statement, and is gone once that was given. */
async function acknowledgesAlone(override: string, make: readonly string[]): Promise<void> {
  for (const statement of make) servers.sql('east', statement, 'app');
  const named = `east: replication: ${override} lets some sessions acknowledge alone. ADD psql as administrator at east: `;
  const found = async () => (await servers.beat('east'), await findings()).find((line) => line.startsWith(named));
  const line = await until(`${override} is named`, found);
  servers.sql('east', line.slice(named.length), 'app');
  await eventually(`${override} is gone`, async () => (await found()) === undefined);
}

const sql = (site: TestSite, ...statements: readonly string[]) => {
  for (const statement of [...statements, 'select pg_reload_conf()']) servers.asAdministrator(site, statement);
};
const setting = (site: TestSite, from: RegExp, to: string) => {
  const before = readFileSync(servers.path(site, 'agent.conf'), 'utf8');
  return [() => conf(site, (text) => text.replace(from, to)), () => conf(site, () => before)] as const;
};

describe('the estate check', () => {
  test('is green on an estate whose standby services are stopped', green);

  test('a heartbeat that has stopped', async () => {
    servers.sql('east', "update dr_heartbeat set written_at = written_at - interval '10 minutes'", 'app');
    const found = await findings();
    expect(found).toEqual([
      expect.stringMatching(/^east: heartbeat: Its last is 6\d\d s old; the plan allows 10 s\. ADD a timer at east, each second: .*site-agent .* beat$/),
    ]);
    await green();
  });

  test('nobody is waited for', () =>
    deviation(
      () => sql('east', "alter system set synchronous_standby_names = ''"),
      () => sql('east', `alter system set synchronous_standby_names = 'ANY 1 ("west")'`),
      /^east: replication: Its commits wait for no standby: .* ADD psql as administrator at east: ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 \("west", "north"\)'/,
    ));

  test('another setting waits in the files for the next reload', () =>
    deviation(
      () => void servers.asAdministrator('east', "alter system set synchronous_standby_names = ''"),
      () => sql('east', `alter system set synchronous_standby_names = 'ANY 1 ("west")'`),
      /^east: replication: synchronous_standby_names is another in the files of the primary, which takes it at its next reload\. ADD .*ALTER SYSTEM SET synchronous_standby_names = 'ANY 1/,
    ));

  test('the table of an older release', () => {
    const add = 'ALTER TABLE dr_heartbeat ADD COLUMN IF NOT EXISTS settings_loaded_at timestamptz, ADD COLUMN IF NOT EXISTS flushed_lsn pg_lsn;';
    return deviation(
      () => void servers.sql('east', 'alter table dr_heartbeat drop column settings_loaded_at, drop column flushed_lsn', 'app'),
      () => void servers.sql('east', add, 'app'),
      new RegExp(`^east: heartbeat: It does not say when .* ADD psql as administrator at east, in the database app: ${add}$`),
    );
  });

  test('somebody is waited for whom the plan does not know', () =>
    deviation(
      () => sql('east', `alter system set synchronous_standby_names = 'ANY 1 ("west", "db_tromso")'`),
      () => sql('east', `alter system set synchronous_standby_names = 'ANY 1 ("west")'`),
      /^east: replication: It waits for db_tromso, whom the plan does not know\. ADD .*synchronous_standby_names/,
    ));

  test('everybody but the agent is exempt', () =>
    deviation(
      () => sql('east', 'alter role all set synchronous_commit = local', 'alter role dr_admin set synchronous_commit = on'),
      () => sql('east', 'alter role all reset synchronous_commit', 'alter role dr_admin reset synchronous_commit'),
      /^east: replication: everybody=local lets some sessions acknowledge alone\. ADD .*: ALTER ROLE ALL RESET synchronous_commit;$/,
    ));

  test.each([
    ['a role', 'role:app_batch=off', ['create role app_batch', 'alter role app_batch set synchronous_commit = off'], ['drop role app_batch']],
    ['a role in a database', 'role:erlmcp@app=local', ['alter role erlmcp in database app set synchronous_commit = local'], []],
    [
      'a database',
      'database:app=off',
      ['alter database app set synchronous_commit = off', 'alter role dr_admin set synchronous_commit = on'],
      ['alter role dr_admin reset synchronous_commit'],
    ],
    [
      'a function',
      'function:Beat It=off',
      ['create function "Beat It"() returns int language sql set synchronous_commit = off as $$ select 1 $$'],
      ['drop function "Beat It"'],
    ],
    [
      'a procedure',
      'function:close_day=off',
      ['create procedure close_day() language sql set synchronous_commit = off as $$ select 1 $$'],
      ['drop procedure close_day'],
    ],
  ])('%s that does not wait, with the statement that ends it', async (_what, override, make, afterwards) => {
    await acknowledgesAlone(override, make);
    for (const statement of afterwards) servers.sql('east', statement, 'app');
    await green();
  });

  test('a subscription that does not wait, with the statement that ends it', async () => {
    const subscription = `create subscription orders connection 'host=${servers.address('east')} dbname=app' publication orders with (connect = false)`;
    try {
      await acknowledgesAlone('subscription:orders=off', [subscription, 'alter subscription orders enable']);
    } finally {
      for (const words of ['disable', 'set (slot_name = none)']) servers.sql('east', `alter subscription orders ${words}`, 'app');
      servers.sql('east', 'drop subscription orders', 'app');
    }
    await green();
  });

  test('a standby under another name', async () => {
    const words = servers.asAdministrator('north', 'show primary_conninfo').trim();
    await deviation(
      () => sql('north', `alter system set primary_conninfo = '${words.replace('application_name=north', 'application_name=db_tromso')}'`),
      () => sql('north', `alter system set primary_conninfo = '${words}'`),
      /^east: replication: The standby of north does not stream under the name north \(.*db_tromso=async.*\)\. ADD .*: application_name=north in primary_conninfo$/,
      /^north: what a failover will ask of the agent: database-detach: the standby at north replicates under the name db_tromso/,
    );
  });

  test('the cache asks for no replica', () =>
    deviation(
      () => void servers.redis('east', 'CONFIG', 'SET', 'min-replicas-to-write', '0'),
      () => void servers.redis('east', 'CONFIG', 'SET', 'min-replicas-to-write', '1'),
      /^east: replicas of the cache: It asks for no replica .* ADD redis-cli as administrator at east: CONFIG SET min-replicas-to-write 1\nCONFIG REWRITE$/,
    ));

  test('peers that agent.conf does not have', () =>
    deviation(
      ...setting('north', /^PEERS=.*$/m, 'PEERS=east'),
      /^north: the other sites in agent\.conf: PEERS there lacks west\. ADD \/etc\/dr\/agent\.conf at north: PEERS='east west'$/,
    ));

  test('a peer at a wrong address', () =>
    deviation(
      ...setting('north', /^PEER_west_PG_HOST=.*$/m, 'PEER_west_PG_HOST=127.9.9.9'),
      /^north: its view of the database at west: no answer\. ADD \/etc\/dr\/agent\.conf at north.*: PEER_west_PG_HOST=127\.\d+\.2\.100 PEER_west_PG_PORT=5432$/,
    ));

  test('reference targets that are dead', () =>
    deviation(
      ...setting('west', /^REFERENCE_TARGETS=.*$/m, 'REFERENCE_TARGETS=127.9.9.9:81'),
      /^west: its reference targets: None of REFERENCE_TARGETS answers it.* ADD \/etc\/dr\/agent\.conf at west: REFERENCE_TARGETS='127\.\d+\.9\.100:8093'$/,
    ));

  test('files that are not the plan´s', () =>
    deviation(
      ...setting('west', /^FILES=.*$/m, 'FILES=/etc/hostname'),
      /^west: files and certificate: FILES there lacks what the plan has: service\/service\.config\. ADD \/etc\/dr\/agent\.conf at west: FILES='service\/service\.config'$/,
    ));

  test('a target that refuses writes by default', () =>
    deviation(
      () => sql('west', 'alter system set default_transaction_read_only = on'),
      () => sql('west', 'alter system reset default_transaction_read_only'),
      /^west: what a failover will ask of the agent: database-promote: default_transaction_read_only is on at west: .*set it off/,
    ));

  test('a way between standbys that is shut', async () => {
    const file = servers.path('west', 'pg', 'pg_hba.conf');
    const before = readFileSync(file, 'utf8');
    await deviation(
      () => (writeFileSync(file, 'host all all 127.0.0.0/8 scram-sha-256\n'), sql('west')),
      () => (writeFileSync(file, before), sql('west')),
      /^north: what a failover will ask of the agent: database-follow west: the standby at north may not replicate from west: .*no pg_hba\.conf entry for replication/,
    );
  });

  test('a password of replicas that is out of date', () =>
    deviation(
      () => void servers.redis('north', 'CONFIG', 'SET', 'masterauth', 'of-last-year'),
      () => void servers.redis('north', 'CONFIG', 'SET', 'masterauth', 'test-only'),
      /^north: what a failover will ask of the agent: cache-follow west: the cache at west does not take masterauth of the cache at north: set masterauth/,
    ));

  test('a state folder that cannot be written', () =>
    deviation(
      () => void execFileSync('chown', ['root:root', servers.path('west', 'state')]),
      () => servers.owned(servers.path('west', 'state')),
      /^west: what a failover will ask of the agent: database-detach: .*state at west cannot be written/,
    ));

  test('a clock that is wrong', () => {
    writeFileSync(servers.path('west', 'shim', 'date'), `#!/bin/sh\nexec /usr/bin/date -d '90 seconds ago' "$@"\n`, { mode: 0o755 });
    return deviation(
      ...setting('west', /^/, `PATH=${servers.path('west', 'shim')}:$PATH\n`),
      /^west: clock: The clock of west is 1 min (29|30|31)(\.\d)? s behind the Temporal server's: times that it tells are off by as much\. Keep it by NTP\.$/,
    );
  });

  test.skipIf(!possibleHere({ needs: 'mounts' }))('a disk that is nearly full', async () => {
    await servers.stopPostgres('west');
    servers.moveToDisk('west', 'pg', '700m');
    await servers.startPostgres('west');
    await green();
    // The WAL of a new primary still finds room.
    const filled = () => fill(servers.path('west', 'pg'), 56 * 1024);
    const emptied = () => rmSync(servers.path('west', 'pg', 'of-somebody-else'));
    await deviation(
      filled,
      emptied,
      /^west: free disk: Only [78] % of the disk of its database is free; the plan's target must have room for its own writes\.$/,
    );
  });

  test('an agent that falls silent has not seen anything', async () => {
    const agent = pool.agent(run, 'west');
    const standing = await standingOf(plan, 'west', agent);
    if (!standing) throw new Error('no answer');
    const silent = { ...agent, ask: async () => ({ reachable: false, reason: 'no answer within 8 s' }) as const };
    const checks = await checkNeeds(plan, 'west', silent, standing, { heartbeats: [], now: new Date() });
    expect(checks.filter(({ result }) => result === 'unreachable').map(({ what, detail }) => `${what}: ${detail}`)).toEqual([
      'what a failover will ask of the agent: it was not asked: no answer within 8 s',
      'its reference targets: east was not looked at: no answer within 8 s; north was not looked at: no answer within 8 s',
    ]);
    expect(checks.filter(({ result }) => result === 'ok').map(({ what }) => what)).toEqual(['the other sites in agent.conf']);
  });

  test('a fenced site is said to be fenced, and by whom', async () => {
    expect((await servers.change('east', 'database-close', 7, 'recovery/shop@1')).code).toBe(0);
    const agent = pool.agent(run, 'east');
    const standing = await standingOf(plan, 'east', agent);
    expect(standing && fencedBy(standing)).toBe('fenced by recovery/shop@1 (epoch 7): it stays shut until a failback');
    expect((await servers.change('east', 'database-open', 7, 'recovery/shop@1')).code).toBe(0);
    await green();
  });
});
