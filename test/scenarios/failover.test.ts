/** Goal: the failover of a real estate loses nothing that was acknowledged, whatever fails how. Method: the lab's faults, judged by the customers' ledger. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decideUntilEnd } from '../../lab/orchestrator/recovery.ts';
import { until } from '../support/until.ts';
import { openDrivers, readTraces } from './drivers.ts';
import { approve, expectCleanRecovery, expectOneWriterAtATime, failed, Scenarios, target, third } from './support.ts';

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
    expect(report.clock?.routingMethod).toBe('data-plane');
    expect(report.leftovers.join(' ')).toContain('does not hold epoch 1, since its API did not answer');
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

  it('with ap-southeast-1 behind: the most advanced survivor wins', { timeout: 3 * minutes }, async () => {
    await scenarios.stack.lab('customers', 'start', '--writes', '50');
    await scenarios.stack.lab('slow', third, '--from', failed, '--ms', '400');
    const { report, figures } = await scenarios.recover(() => scenarios.stack.lab('kill', failed));
    expectCleanRecovery(report, figures);
  });
});

describe('a site that is isolated but alive', () => {
  it('acknowledges nothing after the fence though customers still reach it, and is fenced by the child when it heals', { timeout: 4 * minutes }, async () => {
    const { report, figures } = await scenarios.recover(() => scenarios.stack.lab('cut', failed, '--only', 'sites,orchestrator'));
    expect(report.outcome, report.summary).toBe('recovered');
    expect(figures.missing.writes).toEqual([]);
    expectOneWriterAtATime(figures);
    const fencedAt = report.steps.find((step) => step.id === 'fence-site')?.endedAt ?? '';
    const old = figures.acknowledgedBySite.find((entry) => entry.site === failed);
    expect(Date.parse(old?.lastAt ?? '1970-01-01T00:00:00Z')).toBeLessThanOrEqual(Date.parse(fencedAt));
    const called = figures.callsByAddress.find(({ address }) => address === scenarios.publicAddress(failed));
    expect(Date.parse(called?.lastSentAt ?? ''), 'customers went on calling the old site').toBeGreaterThan(Date.parse(fencedAt));
    await scenarios.stack.lab('heal', failed);
    expect(await scenarios.child().result()).toMatchObject({ outcome: 'fenced' });
  });

  it('healed between fence and promotion: never two that acknowledge', { timeout: 4 * minutes }, async () => {
    const healed = scenarios.untilStep('fence-site').then(() => scenarios.stack.lab('heal', failed));
    const { report, figures } = await scenarios.recover(() => scenarios.stack.lab('cut', failed));
    await healed;
    expect(report.outcome, report.summary).toBe('recovered');
    expect(figures.missing.writes).toEqual([]);
    expectOneWriterAtATime(figures);
  });

  it('healed during promotion: never two that acknowledge', { timeout: 4 * minutes }, async () => {
    const healed = scenarios.untilStep('check-lag').then(() => scenarios.stack.lab('heal', failed));
    const { report, figures } = await scenarios.recover(() => scenarios.stack.lab('cut', failed));
    await healed;
    expect(report.outcome, report.summary).toBe('recovered');
    expect(figures.missing.writes).toEqual([]);
    expectOneWriterAtATime(figures);
  });
});

describe('real loss', () => {
  it('us-east-1 and ap-southeast-1 gone, eu-central-1 behind: people type the seconds, and the ledger lost no more', { timeout: 4 * minutes }, async () => {
    const typed = { accepted: 0 };
    await scenarios.control('fault/inject', { name: 'lag', site: target });
    await until(
      'eu is behind',
      async () => ((await scenarios.figures(new Date(Date.now() - 4000).toISOString())).acknowledgedWrites > 20 ? true : undefined),
      30,
    );
    const { report, figures } = await scenarios.recover(
      async () => {
        await scenarios.stack.lab('kill', third);
        await scenarios.stack.lab('kill', failed);
      },
      {
        ...approve,
        'accepted-risk': (gate) => {
          const choice = /accept \d+/.exec(gate.choices.join(' '))?.[0] ?? null;
          typed.accepted = Number(choice?.split(' ')[1] ?? 0);
          return choice;
        },
      },
    );
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(report.loss).toMatchObject({ kind: 'at most' });
    const bound = report.loss.kind === 'at most' ? report.loss.seconds : 0;
    expect(typed.accepted).toBeGreaterThanOrEqual(bound);
    expect(figures.missing.count).toBeGreaterThan(0);
    const lastAck = Math.max(...figures.missing.writes.map((write) => Date.parse(write.acknowledgedAt)));
    const firstLost = Math.min(...figures.missing.writes.map((write) => Date.parse(write.acknowledgedAt)));
    expect((lastAck - firstLost) / 1000).toBeLessThanOrEqual(bound);
  });
});

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
    expect(figures.functions.every((entry) => entry.failed === 0)).toBe(true);
    expect(figures.acknowledgedWrites).toBeGreaterThan(0);
  });
});
