/**
 * The sweep of interruptions: one at a time, each in a simulation of its own. What every procedure must bear is said here once, and each has a test file that asks it. Interrupted is each change, and
 * what is read between two changes at the first attempt of each kind: the same read of another site, or of a moment later, meets the same code. DR_INTERRUPTIONS=all interrupts at each attempt of an activity.
 */
import { describe, expect, it } from 'vitest';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { type Driven, runbookOf } from '../driven/driven.ts';
import { isChange } from '../../workflows/wire/changes.ts';
import { violations } from './invariants.ts';
import type { Disturbance, Schedule } from './schedule.ts';
import type { Fate } from './server.ts';
import { type Lived, Simulations } from './simulation.ts';

const all = process.env['DR_INTERRUPTIONS'] === 'all';
/** Where interruptions come, in the words of titles. */
const everywhere = all ? 'at every attempt' : 'at every change, and at every kind of read before it';

export class Sweep {
  readonly simulations: Simulations;
  /** A run in which nothing goes wrong. */
  readonly calm: Lived;
  /** Activities of the calm run, by the number of the attempt. */
  readonly attempts: readonly string[];
  /** Numbers of the attempts that are interrupted, with the activity of each. */
  readonly interrupted: readonly (readonly [number, string])[];

  private constructor(simulations: Simulations, calm: Lived) {
    this.simulations = simulations;
    this.calm = calm;
    this.attempts = calm.attempts.slice(0, calm.attempts.lastIndexOf('storeReport') + 1);
    this.interrupted = all ? [...this.attempts.entries()] : changesAndNewReads(this.attempts);
  }

  /** By default under the plan of the repository. */
  static async of(driven: Driven, load?: () => Promise<PlanSnapshot>): Promise<Sweep> {
    const simulations = await Simulations.create(driven, load);
    return new Sweep(simulations, await simulations.live({}));
  }

  /** Lives through a schedule for each attempt that is interrupted; gives a sentence for each that did not end as it must. */
  async each(interrupted: (attempt: number) => Partial<Schedule>, judge: (lived: Lived) => readonly string[]): Promise<string[]> {
    const wrong: string[] = [];
    for (const [attempt, name] of this.interrupted) {
      const lived = await this.simulations.live(interrupted(attempt));
      for (const sentence of [...violations(lived, this.simulations.snapshot.plan), ...judge(lived)]) wrong.push(`${attempt} ${name}: ${sentence}`);
      for (const run of lived.runs) if (!run.closed) wrong.push(`${attempt} ${name}: the run is still open`);
    }
    return wrong;
  }
}

function changesAndNewReads(attempts: readonly string[]): readonly (readonly [number, string])[] {
  const since = new Set<string>();
  return [...attempts.entries()].filter(([, name]) => {
    if (isChange(name)) since.clear();
    else if (since.has(name)) return false;
    else since.add(name);
    return true;
  });
}

/** The last run came to its good end, and the estate is as it must be then. */
export function wellEnded({ driven, reports, estate, places }: Lived): string[] {
  const last = reports.at(-1);
  return [
    ...(last?.outcome === (driven.calmEnd ?? driven.goodEnd) ? [] : [`${last?.outcome}: ${last?.summary} ${last?.exceptions.join(' ')}`]),
    ...driven.faultsWhenDone(estate, places),
  ];
}

/** A run that was cancelled was taken back, or was too far for that and says so. */
export function takenBack({ driven, reports, estate, places, runs }: Lived): readonly string[] {
  const [report] = reports;
  // Cancelled before it had a plan: there is nothing to report on.
  if (!report) return runs[0]?.closed?.how === 'cancelled' ? estate.changes() : ['no report'];
  const { outcome, exceptions } = report;
  return [
    ...(outcome.startsWith(driven.goodEnd) || ['aborted', 'stood down'].includes(outcome) ? [] : [`${outcome}: ${exceptions.join(' ')}`]),
    ...driven.faultsWhenCancelled(estate, places, report),
  ];
}

const at = (disturbance: Disturbance) => (attempt: number) => ({ interruptions: [{ attempt, disturbance }] });

/** The tests that each procedure must pass; call once in a test file. */
export function bearsInterruptions(sweep: () => Sweep): void {
  it('a calm run comes to its good end, and goes through every step of the plan', () => {
    const { calm, simulations, attempts } = sweep();
    expect(attempts.length, 'a sweep of few attempts proves little').toBeGreaterThan(8);
    const run = new Set(calm.reports[0]?.steps.map((step) => step.id));
    expect(wellEnded(calm)).toEqual([]);
    expect(runbookOf(simulations.snapshot.plan, simulations.driven.procedure).steps.filter((step) => !run.has(step.id))).toEqual([]);
  });

  describe('a worker that dies', () => {
    it.each<Exclude<Fate, 'done'>>(['worker dies before', 'worker dies after', 'worker dies when completed', 'reply lost', 'late effect'])(
      `%s: ${everywhere} the run ends well all the same`,
      async (fate) => {
        expect(await sweep().each((attempt) => ({ fates: [{ attempt, fate }] }), wellEnded)).toEqual([]);
      },
    );

    it(`all workers gone for a minute, ${everywhere}`, async () => {
      // Longer than any read's bound: what was being read may fail for good, and people then try again.
      const wrong = await sweep().each(at({ what: 'workers die', awaySeconds: 60 }), ({ driven, reports: [report] }) =>
        report?.outcome.startsWith(driven.goodEnd) || report?.outcome === 'stood down' ? [] : [`${report?.outcome}: ${report?.summary}`],
      );
      expect(wrong).toEqual([]);
    });
  });

  it('a run that is terminated while its worker dies before its claim came to anybody: the new one may take the same epoch', async () => {
    const { attempts, simulations } = sweep();
    const attempt = attempts.indexOf('claimEpoch');
    const lived = await simulations.live({ ...at({ what: 'terminate and start again' })(attempt), fates: [{ attempt, fate: 'worker dies before' }] });
    expect([...violations(lived, simulations.snapshot.plan), ...wellEnded(lived)]).toEqual([]);
  });

  describe('people who interrupt', () => {
    it(`the stop switch ${everywhere}: held, resumed, ended well`, async () => {
      expect(await sweep().each(at({ what: 'stop' }), wellEnded)).toEqual([]);
    });

    it(`a cancellation ${everywhere}: taken back before the point of no return, left as it is after it`, async () => {
      expect(await sweep().each(at({ what: 'cancel' }), takenBack)).toEqual([]);
    });

    it(`a termination ${everywhere}, followed by a new run that ends well`, async () => {
      expect(await sweep().each(at({ what: 'terminate and start again' }), wellEnded)).toEqual([]);
    });
  });
}
