/**
 * Goal: whatever goes wrong, in whatever order, the safety rules hold. Method: random schedules of faults, votes, dying workers and clock jumps against the real workflows on a
 * simulated server and a model of who may write; fast-check shrinks a schedule that breaks a rule. DR_SCHEDULES says how many, DR_SEED repeats a run.
 */
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { violations } from './invariants.ts';
import { schedules } from './schedule.ts';
import { Simulations } from './simulation.ts';

const numRuns = Number(process.env['DR_SCHEDULES'] ?? 1000);
const seed = Number(process.env['DR_SEED'] ?? 20260301);
let simulations: Simulations;
beforeAll(async () => {
  simulations = await Simulations.create();
});

it(`no schedule of ${numRuns} breaks a safety rule (seed ${seed})`, { timeout: 600_000 + numRuns * 500 }, async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const lived = await simulations.live(schedule);
      for (const { outcome } of lived.reports) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      expect(violations(lived, simulations.snapshot.plan)).toEqual([]);
    }),
    { numRuns, seed },
  );
  // Schedules that never reach an ending prove nothing about it.
  expect([...outcomes.keys()].sort()).toEqual(['aborted', 'failed', 'recovered', 'recovered with exceptions', 'stood down']);
});
