/**
 * Goal: wherever a run is interrupted, it ends the same and nothing takes effect twice. Method: one interruption at each attempt of an activity in turn, each in a simulation of its
 * own; whoever dies is replayed, and a replay that would command something else fails.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { violations } from './invariants.ts';
import type { Disturbance, Schedule } from './schedule.ts';
import type { Fate } from './server.ts';
import { type Lived, Simulations } from './simulation.ts';

let simulations: Simulations;
/** Activities of a calm run, by the number of the attempt. */
let attempts: readonly string[];
beforeAll(async () => {
  simulations = await Simulations.create();
  const { attempts: names } = await simulations.live({});
  attempts = names.slice(0, names.lastIndexOf('storeReport') + 1);
});

it('a calm run recovers, and goes through every step of the plan', async () => {
  const [report] = (await simulations.live({})).reports;
  const run = new Set(report?.steps.map((step) => step.id));
  expect(report?.outcome).toBe('recovered');
  expect(simulations.snapshot.plan.procedures.regionalFailover.steps.filter((step) => !run.has(step.id))).toEqual([]);
});

/** Lives through a schedule for each attempt; gives a sentence for each that did not end as it must. */
async function interruptEach(interrupted: (attempt: number) => Partial<Schedule>, judge: (lived: Lived) => string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const [attempt, name] of attempts.entries()) {
    const lived = await simulations.live(interrupted(attempt));
    for (const sentence of [...violations(lived, simulations.snapshot.plan), ...judge(lived)]) wrong.push(`${attempt} ${name}: ${sentence}`);
    for (const run of lived.runs) if (!run.closed) wrong.push(`${attempt} ${name}: the run is still open`);
  }
  return wrong;
}

const recovered = ({ reports, estate }: Lived): string[] => [
  ...(reports.at(-1)?.outcome === 'recovered' ? [] : [`${reports.at(-1)?.outcome}: ${reports.at(-1)?.summary} ${reports.at(-1)?.exceptions.join(' ')}`]),
  ...(estate.route === 'eu-central-1' ? [] : [`customers are sent to ${estate.route}`]),
  ...(estate.writers().join() === 'eu-central-1' ? [] : [`writers: ${estate.writers().join(', ')}`]),
];

describe('a worker that dies', () => {
  it.each<Exclude<Fate, 'done'>>(['worker dies before', 'worker dies after', 'worker dies when completed', 'reply lost', 'late effect'])(
    '%s: at every attempt the run recovers all the same',
    async (fate) => {
      expect(await interruptEach((attempt) => ({ fates: [{ attempt, fate }] }), recovered)).toEqual([]);
    },
  );

  it('all workers gone for a minute, at every attempt', async () => {
    // Longer than any read's bound: what was being read may fail for good, and people then try again.
    const wrong = await interruptEach(
      (attempt) => ({ interruptions: [{ attempt, disturbance: { what: 'workers die', awaySeconds: 60 } }] }),
      ({ reports }) =>
        reports[0]?.outcome.startsWith('recovered') || reports[0]?.outcome === 'stood down' ? [] : [`${reports[0]?.outcome}: ${reports[0]?.summary}`],
    );
    expect(wrong).toEqual([]);
  });
});

describe('people who interrupt', () => {
  const at = (disturbance: Disturbance) => (attempt: number) => ({ interruptions: [{ attempt, disturbance }] });

  it('the stop switch at every attempt: held, resumed, recovered', async () => {
    expect(await interruptEach(at({ what: 'stop' }), recovered)).toEqual([]);
  });

  /** A site that was fenced by replication and came back right before the servers were read is open until its agent has closed it, and the report says so. */
  const tellsOfTwo = (exception: string): boolean => /^At the end 2 servers can write to the (database|cache) \(us-east-1, eu-central-1\)/.test(exception);

  /** Nothing was promoted: the old primary writes again, and nothing is left behind that would fence it. */
  const takenBack = ({ reports, estate, runs }: Lived): string[] => {
    const [report] = reports;
    // Cancelled before it had a plan: there is nothing to report on.
    if (!report) return runs[0]?.closed?.how === 'cancelled' ? estate.changes() : ['no report'];
    const promoted = estate.applied.has('database of eu-central-1: writer') || estate.applied.has('cache of eu-central-1: promoted');
    const writer = estate.writers().join();
    return [
      ...((report.outcome.startsWith('recovered') && report.exceptions.every(tellsOfTwo)) || ['aborted', 'stood down'].includes(report.outcome)
        ? []
        : [`${report.outcome}: ${report.exceptions.join(' ')}`]),
      ...(promoted || writer === 'us-east-1' ? [] : [`nothing was promoted, and the writer is ${writer || 'nobody'}`]),
      ...(promoted ? [] : report.leftovers),
    ];
  };

  it('a cancellation at every attempt: taken back before the point of no return, left as it is after it', async () => {
    expect(await interruptEach(at({ what: 'cancel' }), takenBack)).toEqual([]);
  });

  it.each([1, 2, 3])('a cancellation %i attempts after the lost site came back: what waited to fence it is ended first', async (later) => {
    const back = (attempt: number): Partial<Schedule> => ({
      interruptions: [
        { attempt, disturbance: { what: 'come back', site: 'us-east-1' } },
        { attempt: attempt + later, disturbance: { what: 'cancel' } },
      ],
    });
    expect(await interruptEach(back, takenBack)).toEqual([]);
  });

  it('a termination at every attempt, followed by a new run that recovers', async () => {
    expect(await interruptEach(at({ what: 'terminate and start again' }), recovered)).toEqual([]);
  });
});
