/** Goal: each invariant is seen to be broken. Method: an observation in which all hold, and one thing changed. */
import { expect, it } from 'vitest';
import type { CustomerFigures } from '../../lab/customers/figures.ts';
import type { GateRecord, Report } from '../../report/report.ts';
import { exampleReport } from '../report/example.ts';
import { erlmcpPlan } from '../support/plans.ts';
import { judge, type Observation } from './judge.ts';

const at = (second: number) => `2026-02-02T10:00:${String(second).padStart(2, '0')}.000Z`;

const { plan } = await erlmcpPlan();
const [gate] = exampleReport.gates;
const vote = (who: string) =>
  ({ gate: 'activation-3f9c2a', choice: 'approve', who, reason: 'seen', at: at(1), channel: 'update', result: 'counted', note: '' }) as const;
const decided = (...people: string[]) => [{ ...(gate as GateRecord), closedAt: at(1), votes: people.map(vote) }];

const report: Report = {
  ...exampleReport,
  outcome: 'recovered',
  exceptions: [],
  loss: { kind: 'proven 0', proof: 'the standby was synchronous' },
  steps: [
    {
      id: 'promote',
      phase: 'promoting',
      name: 'Promote',
      result: 'done',
      startedAt: at(1),
      endedAt: at(2),
      evidence: '',
      waitedForPeopleSeconds: 0,
      critical: true,
    },
  ],
  gates: decided('jane-smith', 'john-doe'),
  timeline: [
    { at: at(0), text: 'started' },
    { at: at(2), text: 'Promote: done. ' },
    { at: at(3), text: 'Ended: recovered. ' },
  ],
};

function figures(change: Partial<CustomerFigures> = {}): CustomerFigures {
  const site = (name: string, first: number, last: number) => ({ site: name, writes: 5, firstAt: at(first), lastAt: at(last), perSecond: {} });
  return {
    from: at(0),
    to: at(9),
    customers: 1,
    calls: 10,
    functions: [],
    acknowledgedWrites: 10,
    acknowledgedBySite: [site('west', 6, 9), site('east', 0, 1)],
    callsByAddress: [],
    missing: { database: 'west', cache: 'west', unknown: [], count: 0, rows: 0, writes: [] },
    ...change,
  };
}

const promoted = { at: at(1), where: 'site-agent west', what: 'database-promote', run: 'r@1' };
const clean: Observation = {
  state: 'COMPLETED',
  waitsForPeople: false,
  report,
  plan,
  stepsInHistory: ['Promote'],
  figures: figures(),
  effects: { effects: [promoted], timelines: ['00000002.history'] },
};

const missing = (...seconds: number[]) => ({
  ...figures().missing,
  count: seconds.length,
  rows: seconds.length,
  writes: seconds.map((second) => ({ customer: 'c', function: 'f', sequence: second, acknowledgedAt: at(second), site: 'east' })),
});
const atMost = (loss: number): Report => ({ ...report, loss: { kind: 'at most', seconds: loss, bytes: 1, basis: 'the heartbeat' } });

it('finds nothing where all hold', () => {
  expect(judge(clean)).toEqual([]);
});

it.each<[string, Partial<Observation>, RegExp]>([
  [
    'I1, two sites that acknowledge at a time',
    { figures: figures({ acknowledgedBySite: figures().acknowledgedBySite.map((entry) => ({ ...entry, firstAt: at(0) })) }) },
    /^I1: .+ acknowledged until/,
  ],
  ['I2, a missing write where the report proves none', { figures: figures({ missing: missing(1) }) }, /^I2: 1 acknowledged writes/],
  [
    'I2, more missing seconds than the report states',
    { report: atMost(2), figures: figures({ missing: missing(1, 9) }) },
    /^I2: 2 acknowledged writes within 8 s/,
  ],
  [
    'I2, writes that nobody could look for',
    { figures: figures({ missing: { ...missing(), unknown: ['No database takes writes now.'] } }) },
    /^I2: No database/,
  ],
  ['I3, a change that was made twice', { effects: { ...clean.effects, effects: [promoted, promoted] } }, /^I3: .+ was applied 2 times/],
  ['I3, a timeline that no promotion explains', { effects: { ...clean.effects, effects: [] } }, /^I3: the databases went through 1 new timelines by 0/],
  ['I4, a run that is open and asks nobody', { state: 'RUNNING', report: null }, /^I4: the run is RUNNING/],
  ['I4, a run that failed', { state: 'FAILED', report: null }, /^I4: the run is FAILED/],
  ['I5, a timeline out of order', { report: { ...report, timeline: report.timeline.toReversed() } }, /^I5: the timeline/],
  [
    'I5, a step without an end',
    { report: { ...report, steps: report.steps.map((step) => ({ ...step, result: 'running' as const })) } },
    /^I5: "Promote" has no end/,
  ],
  ['I5, a step that only the history has', { stepsInHistory: ['Promote', 'Fence'] }, /^I5: "Fence" stands in the history/],
  ['I5, a question without an end', { report: { ...report, gates: report.gates.map(({ closedAt: _closed, ...open }) => open) } }, /^I5: the question/],
  ['I5, an end that is not told', { report: { ...report, timeline: report.timeline.slice(0, -1) } }, /^I5: the timeline does not end/],
  [
    'a skipped step behind a plain "recovered"',
    { report: { ...report, steps: report.steps.map((step) => ({ ...step, result: 'skipped' as const })) } },
    /^A skipped step/,
  ],
  ['an exception behind a plain "recovered"', { report: { ...report, exceptions: ['something'] } }, /with 1 exceptions/],
  [
    'a "recovered" that saw another writer',
    { report: { ...report, places: { ...report.places, target: 'ap-southeast-1' } } },
    /^The report says recovered, and it saw/,
  ],
  ['a decision without its quorum', { report: { ...report, gates: decided('jane-smith') } }, /by 1 people/],
  ['a decision by one person twice', { report: { ...report, gates: decided('jane-smith', 'jane-smith') } }, /by 1 people/],
  ['a vote of a stranger', { report: { ...report, gates: decided('jane-smith', 'john-doe', 'mallory') } }, /^A vote of mallory counted/],
  ['a vote of the starter', { report: { ...report, startedBy: 'john-doe' } }, /^A vote of john-doe counted/],
])('sees %s', (_what, change, sentence) => {
  const found = judge({ ...clean, ...change });
  expect(found.some((text) => sentence.test(text)), found.join('\n')).toBe(true); // prettier-ignore
});

it('accepts whatever is lost where people left a store out, and nothing where the loss is unknown otherwise', () => {
  const empty: Report = { ...report, loss: { kind: 'unknown', reason: 'people chose to restore without the cache: it starts empty' } };
  const told = (one: Report) => judge({ ...clean, report: one, figures: figures({ missing: missing(1, 9) }) }).filter((text) => text.startsWith('I2'));
  expect(told(empty)).toEqual([]);
  expect(told({ ...report, loss: { kind: 'unknown', reason: 'nobody counted' } })).toHaveLength(1);
});

it('accepts a loss that the report states, and a run that waits for people', () => {
  expect(judge({ ...clean, report: atMost(8), figures: figures({ missing: missing(1, 9) }) })).toEqual([]);
  expect(judge({ ...clean, state: 'RUNNING', waitsForPeople: true, report: null })).toEqual([]);
});
