/**
 * Goal: whole failovers whose rule `npm test` proves elsewhere already, once more in the lab: the other sign of a wrong clock, another moment of a heal, what model and drivers prove of a service that is late
 * and of an API that refuses. Method: as in the files beside, judged by the customers' ledger. `npm run test:estates` runs them.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decideUntilEnd } from '../../lab/orchestrator/recovery.ts';
import { outageClock } from '../../report/clock-words.ts';
import { statusQuery } from '../../workflows/wire/messages.ts';
import { until } from '../support/until.ts';
import { recoverWith } from './site-clock.ts';
import { approve, expectCleanRecovery, expectOneWriterAtATime, failed, Scenarios, target, third } from './support.ts';

let scenarios: Scenarios;
const minutes = 60_000;
/** How long the API refuses while the run routes; the step's bound is 2 min. */
const throttledSeconds = 30;

beforeAll(async () => {
  scenarios = await Scenarios.start('further');
}, 5 * minutes);
afterAll(async () => scenarios?.stop(), minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

describe('a clock that is wrong', () => {
  it('the lost site ten minutes behind', { timeout: 5 * minutes }, async () => {
    await recoverWith(scenarios, 'clock-behind', failed, /The clock of the database at us-east-1 was .* behind the Temporal server's: /);
  });

  it('the target ten minutes ahead', { timeout: 5 * minutes }, async () => {
    await recoverWith(scenarios, 'clock-ahead', target, /The clock of eu-central-1 is .* ahead of the Temporal server's: /);
  });
});

describe('a site that dies', () => {
  it('to a service that needs 12 s to listen: it is waited for, and nobody is asked', { timeout: 3 * minutes }, async () => {
    await scenarios.control('fault/inject', { name: 'slow-start', site: target });
    const asked: string[] = [];
    const answers = { ...approve, 'failed-step': ({ question }: { question: string }) => (asked.push(question), 'abort') };
    const { report } = await scenarios.recover(() => scenarios.stack.lab('kill', failed), answers);
    expect(asked).toEqual([]);
    expect(report.outcome).toBe('recovered');
    expect(report.steps.find((step) => step.id === 'start-services')?.evidence).toMatch(/\/health answers \(.*\), after \d+ s/);
  });

  it('with ap-southeast-1 behind: the most advanced survivor wins', { timeout: 3 * minutes }, async () => {
    await scenarios.stack.lab('customers', 'start', '--writes', '50');
    await scenarios.stack.lab('slow', third, '--from', failed, '--ms', '400');
    const { report, figures } = await scenarios.recover(() => scenarios.stack.lab('kill', failed));
    expectCleanRecovery(report, figures);
  });
});

describe('a site that is isolated but alive', () => {
  it('healed during promotion: never two that acknowledge', { timeout: 4 * minutes }, async () => {
    const healed = scenarios.untilStep('check-lag').then(() => scenarios.stack.lab('heal', failed));
    const { report, figures } = await scenarios.recover(() => scenarios.stack.lab('cut', failed));
    await healed;
    expect(report.outcome, report.summary).toBe('recovered');
    expect(figures.missing.writes).toEqual([]);
    expectOneWriterAtATime(figures);
  });
});

describe('a failover', () => {
  it('whose API answers 429 for 30 s while it routes is recovered without asking anybody, and says so', { timeout: 4 * minutes }, async () => {
    const since = new Date().toISOString();
    for (const site of [target, 'ap-southeast-1']) await scenarios.control('fault/inject', { name: 'switch-dead', site });
    await scenarios.stack.lab('kill', failed);
    await scenarios.start();
    const said: string[] = [];
    const throttled = (async () => {
      await scenarios.untilStep('promote-database');
      await scenarios.control('route53/throttle', { count: 1_000, status: 429 });
      await scenarios.untilStep('route-traffic', 'running');
      const begun = Date.now();
      const lasted = async () => {
        const { steps } = await scenarios.run().query(statusQuery);
        said.push(steps.find(({ id }) => id === 'route-traffic')?.evidence ?? '');
        return Date.now() - begun > throttledSeconds * 1000 || undefined;
      };
      await until('the API has throttled for long enough', lasted, throttledSeconds + 10);
      await scenarios.control('route53/throttle', { count: 0 });
    })();
    const asked: string[] = [];
    await decideUntilEnd(scenarios.stack, { ...approve, 'failed-step': ({ question }) => (asked.push(question), 'abort') });
    await throttled;
    expect(asked).toEqual([]);
    const { report, figures } = await scenarios.settle(since);
    expectCleanRecovery(report, figures);
    expect(outageClock(report)?.routingMethod).toBe('control-plane');
    expect(report.steps.find(({ id }) => id === 'route-traffic')?.durationSeconds).toBeGreaterThanOrEqual(throttledSeconds);
    expect(said.at(-1)).toMatch(/^The route is tried again, for \d+ s so far and until \d\d:\d\d:\d\dZ at the latest: .*Throttling/);
    expect(report.timeline.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^Routing by control-plane did not work: .*Throttling/));
  });
});
