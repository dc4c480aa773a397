/** Goal: with every running site lost, the service comes back from backups, with what was acknowledged up to the chosen moment and nothing after it. Method: real backups of a lab's primary, all three sites killed, the customers' ledger as judge. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answers, decideUntilEnd } from '../../lab/orchestrator/recovery.ts';
import { untilServed } from '../../lab/orchestrator/stack.ts';
import { databaseName } from '../../lab/settings.ts';
import { seconds } from '../../plan/durations.ts';
import { heldUntil } from '../../plan/rules/snapshots.ts';
import type { Report } from '../../report/report.ts';
import { makeFenceOnReturnWorkflowId } from '../../workflows/wire/ids.ts';
import { coldStart } from '../driven/cold-start.ts';
import { answersOf, choicesOf } from '../driven/driven.ts';
import { until } from '../support/until.ts';
import { Servers } from './servers.ts';
import { Scenarios } from './support.ts';

const minutes = 60_000;
const [site, lost] = ['dr', ['us-east-1', 'eu-central-1', 'ap-southeast-1']] as const;
const tables = ['api_records', 'payments', 'analytics_events', 'admin_settings'];
let scenarios: Scenarios;

beforeAll(async () => {
  scenarios = await Scenarios.start('cold-start');
}, 5 * minutes);
afterAll(async () => scenarios?.stop(), minutes);
beforeEach(async () => {
  await scenarios.reset();
  for (const each of lost) await scenarios.client.workflow.getHandle(makeFenceOnReturnWorkflowId(scenarios.estate, each)).terminate('the scenario is over').catch(() => undefined); // prettier-ignore
}, 2 * minutes);

/** What people answer who want it to go on: at gates that all procedures have, the first choice. */
const goOn: Answers = { ...answersOf(coldStart), 'accepted-risk': (gate) => choicesOf(gate)[0] ?? null };

const points = async () => {
  const answer = await scenarios.stack.dr('restore', 'points', '--json');
  const found = JSON.parse(answer.out) as { sites: { sets?: { latest?: string; unusable?: string }[] }[] };
  const [set] = found.sites[0]?.sets ?? [];
  return set?.unusable === undefined ? set?.latest : undefined;
};

/** A backup, and customers who have written since. */
async function backUp(): Promise<void> {
  await scenarios.control('backup');
  const first = await until('something can be restored', points, 60);
  await until('the log goes on', async () => ((await points()) ?? '') > first, 60);
}

/** What site-restore could restore from the path where the accepted server archives. */
function pointsOfNewPath(): string {
  const { restore } = new Servers(scenarios).folders(site);
  const conf = readFileSync(join(restore, 'restore.conf'), 'utf8');
  const archives = /^ARCHIVE_TO='(.*)'$/m.exec(conf)?.[1] ?? '';
  const [ofRun = ''] = readdirSync(archives);
  const other = join(restore, 'restore-of-new-path.conf');
  writeFileSync(other, `${conf}BACKUPS='${join(archives, ofRun)}'\n`);
  return execFileSync('sh', [join(restore, 'site-restore'), other, 'points'], { encoding: 'utf8' });
}

/** What the service that customers reach at the site says that it runs on, over TLS by its public name. */
async function about(): Promise<{ readonly configuredFor: string | null; readonly sessions: Readonly<Record<string, string>> | null }> {
  const { caFile = '', publicHost, publicPort } = scenarios.plan.estate.service;
  const asked = { host: scenarios.publicAddress(site), port: publicPort, path: '/about', servername: publicHost, ca: readFileSync(caFile) };
  const body = await new Promise<string>((resolve, reject) => {
    get(asked, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => (text += part.toString())).on('end', () => resolve(text));
    }).on('error', reject);
  });
  return JSON.parse(body) as Awaited<ReturnType<typeof about>>;
}

async function lose(): Promise<string> {
  const since = new Date().toISOString();
  await Promise.all(lost.map((each) => scenarios.control('kill', { site: each })));
  return since;
}

async function coldStartAs(answers: Answers): Promise<Report> {
  const answer = await scenarios.stack.dr('coldstart', 'start', '--at', site, '--as', 'carol-brown', '--detach');
  expect(answer.code, answer.err).toBe(0);
  await decideUntilEnd(scenarios.stack, answers);
  return JSON.parse((await scenarios.stack.dr('report', '--json')).out) as Report;
}

/** Customers who come by shares were led to the target, to the maintenance answer, and to no dead site; more of them with each share. */
async function cameByShares(report: Report): Promise<void> {
  const { dns } = scenarios.plan.estate;
  const [there, others] = [scenarios.publicAddress(site), dns.gradual?.remainder];
  const led = (percent: number) =>
    Date.parse(report.timeline.find(({ text }) => text.startsWith(`${percent} % of the customers are led to ${site}`))?.at ?? '');
  const all = Date.parse(report.steps.find(({ id }) => id === 'route-traffic')?.endedAt ?? '');
  const parts: number[] = [];
  for (const [from, until] of [
    [led(10), led(50)],
    [led(50), all],
    [all, Date.now()],
  ] as const) {
    // Caches have forgotten what was served before.
    const since = new Date(from + seconds(dns.ttl) * 1000).toISOString();
    const figures = await scenarios.figures(since, new Date(until).toISOString());
    const calls = (address: string | undefined) => figures.callsByAddress.find((entry) => entry.address === address)?.calls ?? 0;
    expect(figures.calls, 'calls in this time').toBeGreaterThan(0);
    expect(calls(there) + calls(others), JSON.stringify(figures.callsByAddress)).toBe(figures.calls);
    parts.push(calls(there) / figures.calls);
  }
  const [tenth = 0, half = 0, whole = 0] = parts;
  process.stdout.write(`cold start: of the customers' calls ${parts.map((part) => `${Math.round(100 * part)} %`).join(', ')} were led to ${site}\n`);
  expect([tenth > 0, tenth < half, half < 1, whole]).toEqual([true, true, true, 1]);
}

const evidenceOf = (report: Report, step: string) => report.steps.find(({ id }) => id === step)?.evidence;

describe('a cold start', () => {
  it('serves customers from backups: all that was acknowledged up to the moment, and nothing after it', { timeout: 6 * minutes }, async () => {
    const begun = new Date().toISOString();
    await backUp();
    const since = await lose();
    const report = await coldStartAs(goOn);
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(report.steps.find(({ id }) => id === 'restore-cache')?.evidence).toMatch(/the snapshot has [1-9]\d* keys/);
    expect(report.exceptions.join(' ')).not.toContain('The cache was not restored');
    for (const step of ['restore-application', 'restore-sessions'])
      expect(evidenceOf(report, step)).toMatch(/^unpacked to (release|export)-1; [1-9]\d* files; /);
    expect(evidenceOf(report, 'restore-application')).toContain('signature checked by');
    expect(evidenceOf(report, 'configure')).toBe('the sessions of export-1 and the application of release-1 made current');
    expect(report.exceptions.join(' ')).not.toContain('No version of the');
    await untilServed(scenarios.stack);
    const { configuredFor, sessions } = await about();
    expect(configuredFor).toBe(site);
    expect(JSON.parse(sessions?.['session:seed-2:1'] ?? '{}')).toMatchObject({ token: 'seed-session-1' });
    await cameByShares(report);

    const chosen = String(report.gates.find(({ gate }) => gate.startsWith('activation'))?.answer?.value);
    const opened = report.steps.find(({ id }) => id === 'open-database')?.startedAt ?? '';
    const figures = await scenarios.figures(begun);
    expect(figures.missing).toMatchObject({ database: site, unknown: [] });
    const rows = figures.missing.writes.filter(({ function: id }) => id !== 'session-management');
    for (const row of rows) expect(Date.parse(row.acknowledgedAt), JSON.stringify(row)).toBeGreaterThan(Date.parse(chosen));
    const cache = /the cache from \S+ of ([^;\s]+)/.exec(report.steps.find(({ id }) => id === 'activation')?.evidence ?? '')?.[1] ?? '';
    for (const session of figures.missing.writes.filter(({ function: id }) => id === 'session-management'))
      expect(session.acknowledgedAt >= heldUntil({ at: cache }), `${JSON.stringify(session)}, and the snapshot is of ${cache}`).toBe(true);
    const counted = tables.map(
      (table) => `select count(*) from ${table} where written_at > '${chosen}' and written_at < '${opened}' and customer like 'customer%'`,
    );
    expect(new Servers(scenarios).sql(site, counted.join(' union all '), databaseName).trim().split('\n')).toEqual(['0', '0', '0', '0']);
    expect(Date.parse(since) - Date.parse(chosen), 'the log was archived until shortly before').toBeLessThan(30_000);
    expect(
      report.steps.find(({ id }) => id === 'first-backup'),
      JSON.stringify(report.exceptions),
    ).toMatchObject({ result: 'done' });
    expect(pointsOfNewPath()).toMatch(/^set=first .* timeline=2 .* usable=yes$/m);
    process.stdout.write(`cold start: ${figures.missing.rows} rows lost after ${chosen}; ${JSON.stringify(report.clock)}\n`);
  });
});
