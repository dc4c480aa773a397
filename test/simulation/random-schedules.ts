/** Random schedules of a procedure: how many there are is said by DR_SCHEDULES, and DR_SEED repeats a run. Each procedure has a test file that asks them. */
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { Outcome } from '../../report/report.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';
import type { Driven } from '../driven/driven.ts';
import { violations } from './invariants.ts';
import { Simulations } from './simulation.ts';

const numRuns = Number(process.env['DR_SCHEDULES'] ?? 200);
const seed = Number(process.env['DR_SEED'] ?? 20260301);

/** The test that no schedule breaks a safety rule; call once in a test file. `endings`: how runs must have ended by then, sorted: schedules that never reach an ending prove nothing about it. */
export function breaksNoRule(driven: Driven, endings: readonly Outcome[], load?: () => Promise<PlanSnapshot>): void {
  let simulations: Simulations;
  beforeAll(async () => {
    simulations = await Simulations.create(driven, load);
  });

  it(`no schedule of ${numRuns} breaks a safety rule (seed ${seed})`, { timeout: 600_000 + numRuns * 500 }, async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(simulations.schedules, async (schedule) => {
        const lived = await simulations.live(schedule);
        for (const { outcome } of lived.reports) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        expect(violations(lived, simulations.snapshot.plan)).toEqual([]);
      }),
      { numRuns, seed },
    );
    expect([...outcomes.keys()].sort()).toEqual(endings);
  });
}
