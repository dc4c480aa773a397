/** Goal: the failover of a real estate loses nothing that was acknowledged, whatever fails how. Method: the lab's faults, judged by the customers' ledger. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decideUntilEnd } from '../../lab/orchestrator/recovery.ts';
import { until } from '../support/until.ts';
import { approve, expectCleanRecovery, failed, Scenarios, target, third } from './support.ts';
import { outageClock } from '../../report/clock-words.ts';

let scenarios: Scenarios;
const minutes = 60_000;

beforeAll(async () => {
  scenarios = await Scenarios.start('scenarios');
}, 5 * minutes);
afterAll(async () => scenarios?.stop(), minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

describe('a site that dies', () => {
  it('killed: eu-central-1 takes over, nothing acknowledged is lost, and a second failover is refused meanwhile', { timeout: 3 * minutes }, async () => {
    const since = new Date().toISOString();
    await scenarios.stack.lab('kill', failed);
    await scenarios.start();
    const second = await scenarios.stack.dr('failover', 'start', '--from', failed, '--to', third, '--as', 'carol-brown', '--detach');
    expect(second.code).toBe(3);
    expect(second.err).toContain(scenarios.run().workflowId);
    await decideUntilEnd(scenarios.stack, approve);
    const { report, figures } = await scenarios.settle(since);
    expectCleanRecovery(report, figures);
    expect(report.servers.observed.filter((server) => server.state === 'writer').map((server) => server.site)).toEqual([target, target]);
  });

  it('the Route 53 API cut together with it: the data plane suffices', { timeout: 3 * minutes }, async () => {
    const { report, figures } = await scenarios.recover(() => scenarios.stack.lab('cut', failed, '--with-control-plane'));
    expectCleanRecovery(report, figures);
    expect(outageClock(report)?.routingMethod).toBe('data-plane');
    expect(report.leftovers.join(' ')).toContain('does not hold epoch 1: it could not be written');
  });

  it('with eu-central-1 behind and 50 writes a second: it catches up from the synchronous standby', { timeout: 3 * minutes }, async () => {
    await scenarios.stack.lab('customers', 'start', '--writes', '50');
    await scenarios.control('fault/inject', { name: 'lag', site: target });
    await until(
      'writes went on without eu',
      async () => ((await scenarios.figures(new Date(Date.now() - 4000).toISOString())).acknowledgedWrites > 100 ? true : undefined),
      30,
    );
    const { report, figures } = await scenarios.recover(() => scenarios.stack.lab('kill', failed));
    expectCleanRecovery(report, figures);
    expect(report.steps.find((step) => step.id === 'catch-up-database')?.evidence).toMatch(/→/);
  });
});
