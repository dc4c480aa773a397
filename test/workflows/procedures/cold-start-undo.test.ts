/**
 * Goal: a cold start that people take back at any step before they accept what it restored leaves the site as it was, or says what stays, with its bytes. Method: as cold-start.test.ts; the site's inventory
 * before and after.
 */
import { ApplicationFailure } from '@temporalio/common';
import { expect, it } from 'vitest';
import { servedFunctions } from '../../../plan/rules/objectives.ts';
import type { RunStatus } from '../../../workflows/wire/messages.ts';
import { choiceWith, runbookOf } from '../../driven/driven.ts';
import { coldStart } from '../../driven/cold-start.ts';
import { electorate, endOf, estate, openGate, plan, rig, startRun, useRuns, vote } from '../../support/runs.ts';
import { erlmcpPlan } from '../../support/plans.ts';
import { until } from '../../support/until.ts';

useRuns(coldStart);

const site = 'dr';
type Gate = NonNullable<RunStatus['gate']>;

/** What stands at the site: what it is built on, its data, who is let in, its service, its capacity, and what nobody accepted. */
async function inventory() {
  const { inPlace, server, stage } = await estate.restores.restored('database', site, '');
  const cache = await estate.restores.restored('cache', site, '');
  const service = estate.calls.filter((call) => call.site === site && ['startService', 'stopService'].includes(call.name)).at(-1)?.name;
  return {
    data: inPlace ? 'restored' : 'as before',
    server,
    infrastructure: estate.stacks.at.get(site) ?? 'none',
    cache: cache.inPlace ? 'restored' : 'as before',
    current: Object.fromEntries(estate.restores.current),
    letsIn: ['admitted', 'opening', 'accepted'].includes(stage),
    serves: service === 'startService',
    capacity: estate.capacity.get(site) ?? 0,
    writer: estate.databases.get(site)?.role,
    customers: estate.route,
  };
}

const unable = () => ApplicationFailure.nonRetryable('It cannot be done.', 'permanent');
const goOn = ['restore', 'hold-with-2', 'accept'];

interface Case {
  /** What goes wrong there. */
  readonly fails?: () => void;
  /** Where people end it, and by which word. */
  readonly gate: string;
  readonly asks?: RegExp;
  readonly choice: string;
  /** Something was restored by then. */
  readonly restored: boolean;
}

const failed = (name: Parameters<typeof estate.failOnce>[0], restored: boolean): Case => ({
  fails: () => estate.failOnce(name, unable(), 100),
  gate: 'failed-step',
  choice: 'undo',
  restored,
});

const cases: Readonly<Record<string, Case>> = {
  'read-points': failed('readRestored', false),
  'preview-infrastructure': failed('previewStack', false),
  activation: { gate: 'activation', choice: 'reject', restored: false },
  'confirm-again': failed('lookAtRestore', false),
  'claim-epoch': { gate: 'accepted-risk', asks: /epoch/, choice: 'undo', restored: false },
  'fence-sites': { gate: 'accepted-risk', asks: /not proven fenced/, choice: 'undo', restored: false },
  'prepare-infrastructure': failed('readStack', false),
  'restore-database': {
    ...failed('watchFromSite', true),
    fails: () => void (estate.jobs.courses = [{ seconds: 30, bytesAll: 60_000_000_000, ends: 'failed' }]),
  },
  'restore-application': failed('restoreSnapshot', true),
  configure: failed('switchRestored', true),
  'raise-capacity': failed('setCapacity', true),
  'check-application': failed('checkApplication', true),
  'admit-services': failed('admitServices', true),
  'start-services': failed('startService', true),
  'verify-first-tier': failed('verifyUptime', true),
  'verify-lower-tiers': {
    ...failed('verifyFunction', true),
    fails: () => {
      const tiers = new Map(servedFunctions(plan.plan).map(({ id, tier }) => [id, tier]));
      const first = Math.min(...tiers.values());
      estate.before = (name, input) => {
        if (name === 'verifyFunction' && tiers.get((input as { function: string }).function) !== first) throw unable();
      };
    },
  },
  acceptance: { gate: 'acceptance', choice: 'discard', restored: true },
};

const runbook = runbookOf((await erlmcpPlan()).plan, 'coldStart');
const before = runbook.steps.slice(
  0,
  runbook.steps.findIndex(({ id }) => id === runbook.pointOfNoReturn),
);

it('has a case for each step at which people decide, and for no step that the plan has not', () => {
  const asking = before.filter(({ id }) => runbook.gates.some((gate) => gate.id === id)).map(({ id }) => id);
  expect(Object.keys(cases)).toEqual(expect.arrayContaining(asking));
  expect(before.map(({ id }) => id)).toEqual(expect.arrayContaining(Object.keys(cases)));
});

/** Nothing that is asked for while it is under way can be done, by whichever step. */
it.each(before.map(({ id }) => id).filter((id) => !(id in cases)))('taken back while %s is under way', async (step) => {
  const [was, report] = await rig.with(estate, async () => {
    const standing = await inventory();
    const handle = await startRun(coldStart);
    estate.before = async () => {
      const { steps } = await handle.query<RunStatus, []>('status');
      if (steps.some(({ id, result }) => id === step && result === 'running')) throw unable();
    };
    for (;;) {
      const open = await openGate(handle);
      const fails = open.gate.startsWith('failed-step');
      estate.before = fails ? () => undefined : estate.before;
      await vote(handle, fails ? 'undo' : choiceWith(open, goOn), electorate.slice(0, 2), open.gate);
      if (fails) return [standing, await endOf(handle)] as const;
      await until(`${open.gate} is decided`, async () => ((await handle.query<RunStatus, []>('status')).gate?.gate === open.gate ? undefined : true));
    }
  });
  expect(report.steps.some(({ id }) => id === step)).toBe(true);
  expect(report.outcome).toBe('aborted');
  expect(await inventory()).toEqual(was);
  expect(estate.changes()).not.toContain('acceptRestored');
  expect(report.exceptions.filter((sentence) => sentence.startsWith('Not taken back: '))).toEqual([]);
  const discarded = [...new Set(report.leftovers.flatMap((left) => /\S+\.discarded\S*/.exec(left) ?? []))];
  expect(report.leftovers.filter((left) => /\.discarded/.test(left) && / bytes/.test(left))).toHaveLength(discarded.length);
});

it.each(Object.keys(cases))('taken back at %s', async (step) => {
  const { fails, gate, asks, choice, restored } = cases[step] as Case;
  const [before, report] = await rig.with(estate, async () => {
    estate.restores.current.set(`application at ${site}`, 'as installed');
    const was = await inventory();
    fails?.();
    const handle = await startRun(coldStart);
    const isThere = (open: Gate) => open.gate.startsWith(gate) && (asks?.test(open.question) ?? true);
    for (;;) {
      const open = await openGate(handle);
      await vote(handle, isThere(open) ? choice : choiceWith(open, goOn), electorate.slice(0, 2), open.gate);
      if (isThere(open)) return [was, await endOf(handle)] as const;
      await until(`${open.gate} is decided`, async () => ((await handle.query<RunStatus, []>('status')).gate?.gate === open.gate ? undefined : true));
    }
  });
  expect(report.steps.some(({ id }) => id === step)).toBe(true);
  expect(report.outcome).toBe(step === 'activation' ? 'stood down' : 'aborted');
  expect(await inventory()).toEqual(before);
  expect(estate.changes()).not.toContain('acceptRestored');
  // Nothing answers there any more: that is told, and the run has its report all the same.
  const untold = report.exceptions.filter((sentence) => sentence.startsWith('Which servers can write at the end could not be read: '));
  expect(untold).toHaveLength(step === 'read-points' ? 1 : 0);
  expect(estate.changes().includes('discardRestored')).toBe(restored);
  expect(report.exceptions.filter((sentence) => sentence.startsWith('Not taken back: discard'))).toEqual([]);
  expect(report.leftovers.filter((left) => left.includes('main.discarded'))).toEqual(
    restored ? [`main.discarded stays at ${site} with 61000000000 bytes.`] : [],
  );
});
