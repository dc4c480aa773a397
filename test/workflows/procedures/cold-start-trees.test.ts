/** Goal: application and session data come back with the database, by the moment that people chose, and are current only while they are wanted. Method: as cold-start.test.ts. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { trees } from '../../../plan/rules/snapshots.ts';
import type { Report } from '../../../report/report.ts';
import type { RunStatus } from '../../../workflows/wire/messages.ts';
import { choiceWith } from '../../driven/driven.ts';
import { coldStart } from '../../driven/cold-start.ts';
import { electorate, endOf, estate, openGate, rig, startRun, useRuns, vote } from '../../support/runs.ts';
import { until } from '../../support/until.ts';

useRuns(coldStart);

const site = 'dr';
const goOn = ['approve', 'restore', 'hold-with-2', 'accept', 'accept-unknown'];
const momentBefore = (minutes: number) => new Date(Date.parse(estate.lastCommitAt) - minutes * 60_000).toISOString();
const at = (name: string) => estate.changes().indexOf(name);
const stages = () => Object.fromEntries(trees.map((tree) => [tree, estate.restores.trees[tree].get(site)?.stage]));
const currentOf = (tree: string) => estate.restores.current.get(`${tree} at ${site}`);
const evidenceOf = (report: Report, step: string) => report.steps.find(({ id }) => id === step)?.evidence;

/** The stores that calls of an activity are about, as they are made. */
function storesGivenTo(activity: string): readonly string[] {
  const stores: string[] = [];
  estate.before = (name, input) => void (name === activity && stores.push((input as { store: string }).store));
  return stores;
}

const gates = ['activation', 'accepted-risk', 'accepted-risk', 'acceptance'];

/** A run in which people go on at each of these gates, but for what they answer at those that are named by the beginning of their ids. */
async function run(instead: Readonly<Record<string, string>> = {}, asked: readonly string[] = gates): Promise<Report> {
  return rig.with(estate, async () => {
    const handle = await startRun(coldStart);
    for (const id of asked) {
      const open = await openGate(handle, id);
      await vote(handle, instead[id] ?? choiceWith(open, goOn), electorate.slice(0, 2), open.gate);
      await until(`${open.gate} is decided`, async () => ((await handle.query<RunStatus, []>('status')).gate?.gate === open.gate ? undefined : true));
    }
    return endOf(handle);
  });
}

/** With a step that fails for good, and is skipped. */
const skipping = () => run({ 'failed-step': 'skip' }, [...gates.slice(0, 3), 'failed-step', 'acceptance']);

describe('application and session data', () => {
  it('are restored beside the database, made current before the service starts, and accepted with it', async () => {
    const switched = storesGivenTo('switchRestored');
    const report = await run();
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(stages()).toEqual({ application: 'accepted', sessions: 'accepted' });
    expect([currentOf('application'), currentOf('sessions')]).toEqual(['release-2', 'export-2']);
    const order = ['restoreSnapshot', 'switchRestored', 'admitServices', 'startService', 'acceptRestored'];
    expect(order.map(at)).toEqual(order.map(at).toSorted((one, other) => one - other));
    expect(switched, 'what reads the session data is made current last').toEqual(['sessions', 'application']);
    expect(evidenceOf(report, 'restore-application')).toBe('unpacked to release; 900 files; 90.0 MB; signature checked by /etc/dr/application.pem; configured by /etc/dr/configure');
    expect(evidenceOf(report, 'activation')).toMatch(/the sessions from export-2 of \S+; the application from release-2 of \S+/);
    expect(evidenceOf(report, 'configure')).toBe('the sessions of export-2 and the application of release-2 made current');
    expect(report.exceptions.join(' ')).not.toContain('was restored: what the site had');
  }); // prettier-ignore

  it('come in the newest version that is not after the moment', async () => {
    await run({ activation: `restore ${momentBefore(10)}` });
    expect([currentOf('application'), currentOf('sessions')]).toEqual(['release-1', 'export-1']);
  });

  it.each(trees)('the %s can be left out, and what the site has is used: the report says so', async (tree) => {
    estate.restores.versions[tree] = [];
    estate.restores.current.set(`${tree} at ${site}`, 'as installed');
    const report = await run({ activation: `restore-without-${tree} ${momentBefore(1)}` });
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(currentOf(tree)).toBe('as installed');
    expect(report.exceptions.join(' ')).toContain(`No version of the ${tree} was restored: what the site had is used as it is.`);
    expect(estate.restores.trees[tree].size).toBe(0);
  });

  it('what there is as old comes with a moment before that of another store', async () => {
    const [, newest] = estate.restores.versions.application;
    estate.restores.versions.application = newest ? [newest] : [];
    const report = await run({ activation: `restore-what-there-is ${momentBefore(10)}` });
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect([currentOf('application'), currentOf('sessions')]).toEqual([undefined, 'export-1']);
    expect(estate.restores.caches.get(site)).toMatchObject({ set: 'dump-1', stage: 'accepted' });
    expect(report.exceptions.join(' ')).toContain('No version of the application was restored');
  });

  it('one whose settings fail keeps no other back, and is discarded where people go on without it', async () => {
    estate.restores.current.set(`sessions at ${site}`, 'as installed');
    estate.before = (name, input) => {
      if (name === 'switchRestored' && (input as { store: string }).store === 'sessions')
        throw ApplicationFailure.nonRetryable('The test of the version export-2 fails.', 'refused');
    };
    const report = await skipping();
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(stages()).toEqual({ application: 'accepted', sessions: 'discarded' });
    expect([currentOf('application'), currentOf('sessions')]).toEqual(['release-2', 'as installed']);
    expect(report.exceptions.join(' ')).toContain('No version of the sessions was restored');
    expect(report.exceptions.join(' ')).not.toContain('No version of the application was restored');
  });

  it('one whose restore is skipped is left out, and what was restored of it is discarded', async () => {
    estate.restores.current.set(`application at ${site}`, 'as installed');
    let reads = 0;
    estate.before = (name, input) => {
      if (name !== 'readRestored' || (input as { store: string }).store !== 'application') return;
      // The one before the restore goes well, that after it does not.
      if ((reads += 1) === 2) throw ApplicationFailure.nonRetryable('It cannot be read.', 'permanent');
    };
    const report = await skipping();
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(stages()).toEqual({ application: 'discarded', sessions: 'accepted' });
    expect(currentOf('application')).toBe('as installed');
  });

  it('go back to what was current when people discard what was restored', async () => {
    estate.restores.current.set(`application at ${site}`, 'as installed');
    const report = await run({ acceptance: 'discard' });
    expect(report.outcome).toBe('aborted');
    expect(stages()).toEqual({ application: 'discarded', sessions: 'discarded' });
    expect([currentOf('application'), currentOf('sessions')]).toEqual(['as installed', undefined]);
    expect(report.leftovers.join(' ')).toContain('release.discarded');
  });

  it('what a run that was terminated has made current is taken back, and what people accepted is not', async () => {
    const earlier = { by: 'recovery/erlmcp-production@earlier', job: 'earlier', set: 'release-1' };
    estate.restores.trees.application.set(site, { ...earlier, stage: 'switched', was: 'as installed' });
    estate.restores.current.set(`application at ${site}`, 'release-1');
    estate.restores.trees.sessions.set(site, { ...earlier, stage: 'accepted' });
    const discarded = storesGivenTo('discardRestored');
    const report = await run();
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(discarded).toEqual(['application']);
    expect(estate.restores.trees.application.get(site)).toMatchObject({ stage: 'accepted', was: 'as installed' });
  });

  it('are left as they are where a run goes on from an opened database', async () => {
    const earlier = { by: 'recovery/erlmcp-production@earlier', job: 'earlier', set: 'full-1', point: '2026-01-01T00:00:00Z' };
    estate.restores.at.set(site, { ...earlier, stage: 'accepted' });
    const report = await run({}, gates.slice(0, 3));
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    for (const name of ['restoreSnapshot', 'switchRestored', 'discardRestored']) expect(estate.changes()).not.toContain(name);
    expect(report.exceptions.join(' ')).not.toContain('was restored: what the site had');
  });
});
