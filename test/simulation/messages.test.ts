/**
 * Goal: whatever strangers say to a run, in whatever order, at whatever phase, it ends as it would have, and what it keeps and answers stays small. Method: the real workflows on a simulated
 * server live through the same schedule twice, with the messages and without. DR_MESSAGES says how many pairs, DR_SEED repeats a run.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { detailsBytesMax, reportBytesMax, statusBytesMax } from '../../workflows/wire/bounds.ts';
import type { Report } from '../../report/report.ts';
import { isChange } from '../../workflows/wire/changes.ts';
import type { Execution } from './execution.ts';
import { violations } from './invariants.ts';
import { type Message, strangeMessages } from './messages.ts';
import type { Schedule } from './schedule.ts';
import { regionalFailover } from '../driven/regional-failover.ts';
import { type Lived, Simulations, startAt } from './simulation.ts';

const numRuns = Number(process.env['DR_MESSAGES'] ?? 25);
const seed = Number(process.env['DR_SEED'] ?? 20260302);
let simulations: Simulations;
beforeAll(async () => {
  simulations = await Simulations.create(regionalFailover);
});

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** How it ended, by what it did: without times and without what was said to it. */
function course({ reports }: Lived): unknown {
  return reports.map(({ outcome, changes, steps, gates, exceptions, leftovers }) => ({
    outcome,
    changes,
    exceptions,
    leftovers,
    steps: steps.map(({ id, result }) => `${id} ${result}`),
    decisions: gates.map(({ decision }) => decision),
  }));
}

const calmly: fc.Arbitrary<Partial<Schedule>> = fc.record({
  lost: fc.constantFrom('crash' as const, 'hang' as const, 'cut off' as const, 'not at all' as const),
  inclination: fc.constantFrom('go on' as const, 'go on' as const, 'go back' as const, 'silence' as const),
  pace: fc.nat(1_000_000),
});

it(`the run ends as it would have after any messages of strangers, ${numRuns} times (seed ${seed})`, { timeout: 600_000 + numRuns * 2_000 }, async () => {
  const when = fc.record({ attempt: fc.nat(60), messages: strangeMessages });
  await fc.assert(
    fc.asyncProperty(calmly, fc.array(when, { minLength: 1, maxLength: 4 }), strangeMessages, async (schedule, later, first) => {
      const moments = [{ attempt: 0, messages: first }, ...later];
      const hears = (what: (messages: readonly Message[]) => readonly Message[]) =>
        moments.map(({ attempt, messages }) => ({ attempt, disturbance: { what: 'messages come' as const, messages: what(messages) } }));
      // The simulated estate moves at each event, so that the quiet run has the same moments, and hears nothing in them.
      const alone = await simulations.live({ ...schedule, interruptions: hears(() => []) });
      const told = await simulations.live({ ...schedule, interruptions: hears((messages) => messages) });
      expect(course(told)).toEqual(course(alone));
      expect(told.stuck).toBeNull();
      for (const run of told.runs) await run.replay();
      for (const report of told.reports) expect(bytesOf(report)).toBeLessThan(bytesOf(alone.reports[0]) + 200_000);
    }),
    { numRuns, seed },
  );
});

/** When the calm run asks its first question, in seconds from its start. */
async function gateSeconds(): Promise<number> {
  const { gates } = await simulations.live({});
  return (Date.parse(gates[0]?.openedAt ?? '') - startAt) / 1000;
}

it('a stop in the same task as the resume before it holds the run, at whichever change it was stopped', { timeout: 240_000 }, async () => {
  const { attempts } = await simulations.live({});
  const messages = ['resume', 'stop'].map((name): Message => ({ channel: 'signal', name, times: 1, payload: { json: { who: 'jane-smith', reason: 'both' } } }));
  const at = (await gateSeconds()) + 40;
  for (const [attempt, name] of attempts.entries()) {
    if (!isChange(name)) continue;
    const lived = await simulations.live({
      stoppedSeconds: 90,
      interruptions: [{ attempt, disturbance: { what: 'stop' } }],
      disturbances: [{ atSeconds: at, disturbance: { what: 'messages come', messages } }],
    });
    expect(violations(lived, simulations.snapshot.plan), `stopped at ${name}`).toEqual([]);
  }
});

it('a quorum decides when it is reached, whatever comes in the same moment, and that is said', { timeout: 120_000 }, async () => {
  const vote = (who: string, choice: string): Message => ({
    channel: 'signal',
    name: 'vote',
    times: 1,
    payload: { json: { gate: '(the open gate)', choice, who, reason: 'seen' } },
  });
  const messages = [vote('jane-smith', 'approve'), vote('john-doe', 'approve'), vote('jane-smith', 'reject'), vote('bob-wilson', 'reject')];
  const lived = await simulations.live({
    inclination: 'silence',
    disturbances: [{ atSeconds: (await gateSeconds()) + 1, disturbance: { what: 'messages come', messages } }],
  });
  const [report] = lived.reports as [Report];
  expect(report.outcome).toBe('recovered');
  expect(
    report.gates[0]?.votes.map(({ who, choice, result, note }) => `${who} ${choice} ${result}${note ? `: ${note.replace(/activation-\w+/, 'GATE')}` : ''}`),
  ).toEqual([
    'jane-smith approve counted',
    'john-doe approve counted',
    'jane-smith reject refused: GATE is decided: approve has its quorum. Look at the run.',
    'bob-wilson reject refused: GATE is decided: approve has its quorum. Look at the run.',
  ]);
  for (const run of lived.runs) await run.replay();
});

describe('a flood', () => {
  const json = (who: string, reason: string, rest: object = {}): Message['payload'] => ({
    json: { gate: '(the open gate)', choice: 'approve', who, reason, ...rest },
  });
  const person = 'jane-smith';
  const floods: Readonly<Record<string, readonly Message[]>> = {
    "of 5,000 strangers' votes": [{ channel: 'signal', name: 'vote', times: 5_000, payload: json('mallory', 'because') }],
    'of 48 votes with 100 kB of reason': [{ channel: 'signal', name: 'vote', times: 48, payload: json(person, 'x'.repeat(100_000), { choice: 'maybe' }) }],
    'of 10,000 signals that nobody knows': [{ channel: 'signal', name: 'no-such-signal', times: 10_000, payload: json('mallory', 'because') }],
    'of 5,000 votes by update': [{ channel: 'update', name: 'vote', times: 5_000, payload: json('mallory', 'because') }],
    'of 4,000 stops and resumes': Array.from({ length: 2_000 }, () => ['stop', 'resume']).flat().map((name) => ({ channel: 'signal' as const, name, times: 1, payload: json(person, 'y'.repeat(2_000)) })), // prettier-ignore
    'of 4,000 changes of mind': Array.from({ length: 2_000 }, () => ['reject', 'approve']).flat().map((name) => ({ channel: 'signal' as const, name, times: 1, payload: json(person, 'z'.repeat(2_000)) })), // prettier-ignore
  };

  it.each(Object.entries(floods))('%s in one task is worked off at once, and kept small', { timeout: 120_000 }, async (_, messages) => {
    const atSeconds = (await gateSeconds()) + 1;
    const lived = await simulations.live({ disturbances: [{ atSeconds, disturbance: { what: 'messages come', messages } }] });
    const [run] = lived.runs as [Execution];
    const [report] = lived.reports as [Report];
    // The workflow task's own bound is 5 s (client/client.ts), on a machine that may have other work.
    expect(run.dearest, 'milliseconds').toBeLessThan(1_800);
    expect(report.outcome).toBe('recovered');
    expect(bytesOf(report)).toBeLessThan(reportBytesMax / 4);
    const status = await run.query(lived.server.now, 'status');
    expect(bytesOf(status)).toBeLessThan(statusBytesMax);
    const { currentDetails } = await run.query<{ currentDetails: string }>(lived.server.now, '__temporal_workflow_metadata');
    expect(currentDetails).toContain('recovered');
    expect(Buffer.byteLength(currentDetails)).toBeLessThanOrEqual(detailsBytesMax);
  });
});
