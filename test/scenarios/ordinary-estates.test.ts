/** Goal: a whole failover on estates as people have them proves no more than is true, and takes back all that it undoes. Method: the lab in dangerous shapes, judged by the customers' ledger and by an adversary with the service's own key. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isZero } from '../../plan/rules/loss.ts';
import { type Answers, decideUntilEnd, type OpenGate } from '../../lab/orchestrator/recovery.ts';
import type { CustomerFigures } from '../../lab/customers/figures.ts';
import type { Report } from '../../report/report.ts';
import { judge } from '../invariants/judge.ts';
import { observe } from '../invariants/observe.ts';
import { until } from '../support/until.ts';
import { Adversary } from '../zoo/adversary.ts';
import type { Key } from '../zoo/sessions.ts';
import { differences } from '../zoo/photograph.ts';
import { differingTraces, type Drivers, openDrivers, readTraces } from './drivers.ts';
import { Servers } from './servers.ts';
import { approve, expectCleanRecovery, failed, Scenarios, target, third } from './support.ts';

let scenarios: Scenarios;
let servers: Servers;
let drivers: Drivers;
/** What a shape needs besides a reset to be taken back. */
const takeBack: (() => void)[] = [];
const minutes = 60_000;

beforeAll(async () => {
  scenarios = await Scenarios.start('ordinary-estates');
  servers = new Servers(scenarios);
  drivers = await openDrivers(scenarios.stack.plan);
}, 5 * minutes);
afterAll(async () => {
  await drivers?.close();
  await scenarios?.stop();
}, minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);
afterEach(() => takeBack.splice(0).forEach((each) => each()));

/** What people see of the failure that nobody else sees. */
const declared = ['--declared-failed', 'The people who pay see errors.'];

interface Asked {
  readonly answers: Answers;
  readonly gates: OpenGate[];
}

/** Approves, and keeps every question; answers the others so, or leaves them open. */
function people(others: Answers = {}): Asked {
  const gates: OpenGate[] = [];
  const kept: Answers = Object.fromEntries(
    Object.entries({ ...approve, ...others }).map(([gate, answer]) => [gate, (open: OpenGate) => (gates.push(open), answer(open))]),
  );
  return { answers: kept, gates };
}

/** A run to its end: what it reports, and what the customers saw. */
async function run(breakIt: () => Promise<unknown>, { answers }: Asked, ...start: readonly string[]) {
  const since = new Date().toISOString();
  await breakIt();
  await scenarios.start(...start);
  await decideUntilEnd(scenarios.stack, answers);
  return { ...(await scenarios.settle(since)), since };
}

/** The five invariants. */
async function expectInvariants(since: string): Promise<void> {
  expect(judge(await observe(scenarios, since))).toEqual([]);
}

/** The region is lost; the run says why it cannot recover there, and changes nothing. `helps` is what it tells people to do. */
async function expectRefusal(said: RegExp, helps: () => Promise<void> = async () => undefined): Promise<void> {
  await kill();
  const before = await readTraces(scenarios, drivers);
  const assessment = await scenarios.stack.dr('assess', '--from', failed);
  const { report, since } = await run(async () => undefined, people());
  expect(`${assessment.out} ${assessment.err}`.replaceAll(/\s+/g, ' ')).toMatch(said);
  expect(report.outcome).toBe('stood down');
  expect(report.summary).toMatch(said);
  const unchanged = ['agents', 'servers', 'capacity', 'records', 'switches', 'mutatingCalls'] as const;
  expect(differingTraces(before, await readTraces(scenarios, drivers), unchanged)).toEqual([]);
  await helps();
  await scenarios.stack.lab('revive', failed);
  await scenarios.serveCustomers();
  await expectInvariants(since);
}

const kill = () => scenarios.stack.lab('kill', failed);
const serviceDead = () => scenarios.control('fault/inject', { name: 'service-dead', site: failed });
const stepOf = (report: Report, id: string) => report.steps.find((step) => step.id === id);
function expectNothingLost({ loss }: Report, { missing }: CustomerFigures): void {
  expect(isZero(loss), loss.kind).toBe(true);
  expect(missing).toMatchObject({ writes: [], unknown: [] });
}

describe('a failover that is refused before anything is changed', () => {
  it('since max_connections was raised at the primary only', { timeout: 3 * minutes }, async () => {
    servers.set(failed, { max_connections: '150' });
    await servers.restartDatabase(failed);
    const paused = async () => (servers.sql(target, 'select pg_get_wal_replay_pause_state()') === 'paused' ? true : undefined);
    await until('the replay of the target is paused', paused, 30);
    const said = /max_connections is 100 here and 150 at its primary\. Its server would end for good; raise it at eu-central-1 and restart/;
    await expectRefusal(said, async () => {
      expect(servers.sql(target, 'select pg_is_in_recovery()'), 'its server runs').toBe('t');
      for (const site of [target, third] as const) {
        servers.set(site, { max_connections: '150' });
        await servers.restartDatabase(site);
      }
    });
  });

  it('since Sentinel manages the caches', { timeout: 3 * minutes }, async () => {
    const end = await servers.sentinel(failed);
    takeBack.push(end);
    await expectRefusal(
      /Its agent would refuse cache-detach: Sentinel manages the cache at eu-central-1 and would undo this within seconds; stop its Sentinels, or SENTINEL REMOVE this group at each of them/,
      async () => end(),
    );
  });
});

describe('a fence', () => {
  it('keeps the service out of an old primary whose line lets it in beside replication', { timeout: 4 * minutes }, async () => {
    servers.accessFile(failed, 'host erlmcp,replication erlmcp,dr_replication 127.0.0.0/8 scram-sha-256');
    const key: Key = { name: 'service', store: 'database', user: 'erlmcp', password: servers.servicePassword(), database: servers.database, stays: true };
    const adversary = new Adversary(servers, failed, [key, { ...key, name: 'service, new each time', stays: false }]);
    takeBack.push(() => void adversary.end());
    const { report, figures, since } = await run(serviceDead, people(), ...declared);
    await adversary.end();
    expect(report.outcome, report.summary).toBe('recovered');
    expectNothingLost(report, figures);
    const fenced = performance.timeOrigin + adversary.acknowledged.reduce((last, { sentAt }) => Math.max(last, sentAt), 0);
    expect(adversary.acknowledged.length, 'writes before the fence').toBeGreaterThan(100);
    expect(fenced).toBeLessThanOrEqual(Date.parse(stepOf(report, 'fence-site')?.endedAt ?? ''));
    expect(adversary.missingAt(target, 'database', servers.database)).toEqual([]);
    const late = new pg.Client({ host: servers.address(failed), user: 'erlmcp', password: key.password, database: servers.database });
    await expect(late.connect()).rejects.toThrow(/no pg_hba.conf entry/);
    await expectInvariants(since);
  });
});

describe('a recovery', () => {
  it('counts what a standby that applies an hour later has received, and names the slots that are used no more', { timeout: 4 * minutes }, async () => {
    await servers.slots(failed);
    servers.set(target, { recovery_min_apply_delay: "'1h'" });
    await pause(5_000); // customers write meanwhile, and nothing of it is applied
    const asked = people();
    const { report, figures, since } = await run(kill, asked);
    expect(asked.gates[0]?.evidence.join(' ')).toMatch(/At eu-central-1 .*1 ?h.* received and not applied\. The catch-up applies them/);
    expectNothingLost(report, figures);
    expect(report.outcome, report.summary).toBe('recovered');
    expect(report.leftovers.join(' ')).toMatch(/The slot slot_eu_central_1 of eu-central-1 is used no more/);
    expect(report.leftovers.join(' ')).toMatch(/The slot slot_ap_southeast_1 of ap-southeast-1 is used no more/);
    await expectInvariants(since);
  });

  it(
    'of a cache that cannot keep its settings says so, and of a prepared transaction that it holds locks; nobody is asked',
    { timeout: 4 * minutes },
    async () => {
      for (const site of [target, third, failed] as const) {
        servers.set(site, { max_prepared_transactions: '5' });
        await servers.restartDatabase(site);
      }
      await servers.stream(failed);
      servers.sql(
        failed,
        "begin; insert into payments (customer, sequence, token) values ('seed-1', -77, 'prepared'); prepare transaction 'left'",
        servers.database,
      );
      const folder = servers.folders(target).redis;
      chmodSync(folder, 0o555);
      takeBack.push(() => chmodSync(folder, 0o755));
      await scenarios.serveCustomers();
      const asked = people();
      const { report, figures, since } = await run(kill, asked);
      expect(report.outcome, report.summary).toBe('recovered with exceptions');
      expect(report.exceptions).toEqual([
        expect.stringMatching(/1 prepared transaction\(s\) came over and hold their locks at eu-central-1/),
        expect.stringMatching(/Redis at eu-central-1 has not kept this over a restart/),
      ]);
      expect(asked.gates.map(({ gate }) => gate.split('-')[0])).toEqual(['activation']);
      expectNothingLost(report, figures);
      await expectInvariants(since);
    },
  );

  it('of a target whose replay is paused, with a warning on each connection, is as clean as any', { timeout: 4 * minutes }, async () => {
    const other = "datlocprovider = 'i', daticulocale = 'en', datcollversion = '148.0'";
    servers.sql(failed, `update pg_database set ${other} where datname in ('erlmcp', 'postgres')`);
    await until(
      'the target warns',
      async () => (servers.sql(target, "select datcollversion from pg_database where datname = 'erlmcp'") === '148.0' ? true : undefined),
      20,
    );
    await scenarios.control('fault/inject', { name: 'replay-paused', site: target });
    await pause(4_000); // the fault exercise kills at once; the open item of the track record needed some seconds
    const { report, figures, since } = await run(kill, people());
    expectCleanRecovery(report, figures);
    expect(servers.standbysOf(target)).toBe('quorum');
    await expectInvariants(since);
  });
});

describe('a run that is taken back', () => {
  it(
    'since a subscription writes at the lost site: people are asked, and their undo leaves slots, delay and all files as they were',
    { timeout: 4 * minutes },
    async () => {
      await servers.slots(failed);
      servers.set(target, { recovery_min_apply_delay: "'1h'" });
      servers.sql(failed, subscription(), servers.database);
      const before = { photograph: servers.photograph(), traces: await readTraces(scenarios, drivers) };
      const asked = people({ 'accepted-risk': () => 'undo' });
      const { report, since } = await run(serviceDead, asked, ...declared);
      expect(report.outcome, report.summary).toBe('aborted');
      expect(asked.gates.map(({ question }) => question).join(' ')).toMatch(/not proven fenced/);
      expect(stepOf(report, 'fence-site')?.evidence).toMatch(/subscription:orders=off lets some sessions acknowledge alone/i);
      const same = async () => {
        const changed = [
          ...differences(before.photograph, servers.photograph()),
          ...differingTraces(before.traces, await readTraces(scenarios, drivers), ['servers', 'capacity', 'records', 'switches']),
        ];
        if (changed.length > 0) throw new Error(changed.join('\n'));
        return true;
      };
      await until('everything is as before', same, 30);
      await servers.stream(failed);
      await scenarios.serveCustomers();
      await expectInvariants(since);
    },
  );
});

/** The worker runs, and is started again whenever it is ended; it waits for no standby, as subscriptions do unless they are told to. */
function subscription(): string {
  const to = `host=${servers.address(failed)} port=5432 user=dr_admin dbname=${servers.database} passfile=${join(servers.folders(failed).agent, 'pgpass')}`;
  return `create subscription orders connection '${to}' publication orders with (connect = false); alter subscription orders enable`;
}
