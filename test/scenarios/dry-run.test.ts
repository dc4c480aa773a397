/** Goal: a dry run changes nothing, and customers do not notice it. Method: the lab's own traces before and after, and every call of its customers meanwhile. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDrivers, readTraces } from './drivers.ts';
import { failed, Scenarios, target } from './support.ts';

let scenarios: Scenarios;
const minutes = 60_000;

beforeAll(async () => {
  scenarios = await Scenarios.start('dry-run');
  await scenarios.reset();
}, 5 * minutes);
afterAll(async () => scenarios?.stop(), minutes);

describe('a dry run', () => {
  it('makes no changing call anywhere while customers write', { timeout: 3 * minutes }, async () => {
    const drivers = await openDrivers(scenarios.stack.plan);
    const before = await readTraces(scenarios, drivers);
    const since = new Date().toISOString();
    const answer = await scenarios.stack.dr('failover', 'start', '--from', failed, '--to', target, '--as', 'carol-brown', '--mode', 'dry-run');
    expect(answer.out + answer.err).toContain('promote the database');
    const after = await readTraces(scenarios, drivers);
    await drivers.close();
    expect(after).toEqual(before);
    const figures = await scenarios.figures(since);
    expect(figures.functions.filter((entry) => entry.failed > 0)).toEqual([]);
    expect(figures.acknowledgedWrites).toBeGreaterThan(0);
  });
});
