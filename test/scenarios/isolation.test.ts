/** Goal: a site that is cut off and goes on by itself acknowledges nothing more once it is fenced, and what is lost was accepted. Method: the lab's network, judged by the customers' ledger. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { approve, expectOneWriterAtATime, failed, Scenarios, target, third } from './support.ts';

let scenarios: Scenarios;
const minutes = 60_000;

beforeAll(async () => {
  scenarios = await Scenarios.start('isolation');
}, 5 * minutes);
afterAll(async () => scenarios?.stop(), minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

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
