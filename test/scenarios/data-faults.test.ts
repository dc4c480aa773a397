/** Goal: a target whose data are wrong never gets traffic, and the report names function and difference. Method: silent faults at the target before the failover. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { approve, failed, Scenarios, target } from './support.ts';

let scenarios: Scenarios;
const minutes = 60_000;

beforeAll(async () => {
  scenarios = await Scenarios.start('data-faults');
}, 5 * minutes);
afterAll(async () => scenarios?.stop(), minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

it.each([
  { fault: 'lose-rows', options: { table: 'payments', rows: 10 }, named: /payment-processing.*payments/s },
  {
    fault: 'stale-answers',
    options: {},
    named: /(customer-api|session-management|payment-processing): .*(older than what was just written|what was written is not what it serves)/s,
  },
])('$fault at the target: no traffic is routed, and the difference is named', { timeout: 4 * minutes }, async ({ fault, options, named }) => {
  await scenarios.control('fault/inject', { name: fault, site: target, options });
  const { report, figures, since } = await scenarios.recover(() => scenarios.stack.lab('kill', failed), { ...approve, 'failed-step': () => 'abort' });
  expect(report.outcome).toBe('aborted');
  expect(report.steps.find((step) => step.id === 'verify-first-tier')?.evidence).toMatch(named);
  expect(report.steps.some((step) => step.id === 'route-traffic')).toBe(false);
  expect(report.clock?.totalSeconds).toBe('not reached');
  const reached = figures.acknowledgedBySite.find((entry) => entry.site === target);
  expect(reached, `customers reached the target since ${since}`).toBeUndefined();
});

it(
  'flush-sessions at the target: the catch-up brings the sessions back before anything is promoted, or no traffic is routed',
  { timeout: 4 * minutes },
  async () => {
    await scenarios.control('fault/inject', { name: 'flush-sessions', site: target });
    const { report } = await scenarios.recover(() => scenarios.stack.lab('kill', failed), { ...approve, 'failed-step': () => 'abort' });
    if (report.outcome === 'aborted') {
      expect(report.steps.find((step) => step.id === 'catch-up-cache')?.evidence).toMatch(/holds \d+ keys/);
      expect(report.steps.some((step) => step.id === 'route-traffic')).toBe(false);
      return;
    }
    const everything = await scenarios.figures('1970-01-01T00:00:00Z');
    expect(everything.acknowledgedWrites).toBeGreaterThan(0);
    expect(everything.missing.unknown).toEqual([]);
    expect(everything.missing.writes).toEqual([]);
  },
);
