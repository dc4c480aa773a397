/**
 * Goal: sites that are alive and out of reach may go on for the customers beside them until these are led elsewhere; people are told so before anything is built, and none of these sites acknowledges a write
 * once the others are led to the restored one, nor when it is back. Method: primary and one standby are cut off from the orchestrator, the health checkers and the site that is restored, not from customers;
 * the customers' ledger is the judge.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answers, decideUntilEnd, type OpenGate } from '../../lab/orchestrator/recovery.ts';
import { untilServed } from '../../lab/orchestrator/stack.ts';
import { seconds } from '../../plan/durations.ts';
import type { Report } from '../../report/report.ts';
import { makeFenceOnReturnWorkflowId } from '../../workflows/wire/ids.ts';
import { coldStart } from '../driven/cold-start.ts';
import { answersInLab } from '../driven/driven.ts';
import { openDrivers } from './drivers.ts';
import { Scenarios } from './support.ts';
import { untilBackedUp } from '../stage/ready.ts';
import { until } from '../support/until.ts';

const minutes = 60_000;
const [site, primary, standby, dead] = ['dr', 'us-east-1', 'ap-southeast-1', 'eu-central-1'] as const;
const alive = [primary, standby];
/** Two calls of a customer that were under way at the same time are no two writers. */
const underWayMs = 1_000;
let scenarios: Scenarios;

beforeAll(async () => {
  scenarios = await Scenarios.start('cold-start-cut-off');
}, 5 * minutes);
afterAll(async () => scenarios?.stop(), minutes);

/** They serve customers and follow each other, and nobody who recovers sees them. */
async function cutOff(): Promise<void> {
  await scenarios.control('kill', { site: dead });
  for (const each of alive) await scenarios.control('cut', { site: each, only: ['orchestrator', 'checkers', site, dead] });
}

async function fenced(each: string): Promise<string> {
  const child = scenarios.client.workflow.getHandle(makeFenceOnReturnWorkflowId(scenarios.estate, each));
  await until(`the child of ${each} has ended`, async () => ((await child.describe()).status.name === 'COMPLETED' ? true : undefined), 90);
  return ((await child.result()) as { readonly outcome: string }).outcome;
}

describe('a cold start while two sites are alive and cut off', () => {
  it('is told as a risk, ends their customers by leading them elsewhere, and fences both when they are back', { timeout: 8 * minutes }, async () => {
    await scenarios.reset();
    const drivers = await openDrivers(scenarios.stack.plan);
    try {
      await untilBackedUp(scenarios, drivers, site);
    } finally {
      await drivers.close();
    }
    const since = new Date().toISOString();
    await cutOff();
    const questions: OpenGate[] = [];
    const answers = answersInLab(coldStart) as Answers;
    const start = await scenarios.stack.dr('coldstart', 'start', '--at', site, '--as', 'carol-brown', '--detach');
    expect(start.code, start.err).toBe(0);
    await decideUntilEnd(scenarios.stack, answers, { onVote: (gate) => void questions.push(gate) });
    const report = JSON.parse((await scenarios.stack.dr('report', '--json')).out) as Report;
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    await untilServed(scenarios.stack);

    const fence = questions.find(({ question }) => question.includes('is not proven fenced'));
    for (const each of alive) expect(fence?.question, JSON.stringify(questions)).toContain(each);
    expect(fence?.evidence.join(' ')).toContain('still acknowledges writes, they are lost and two writers exist until it is fenced');
    expect(report.exceptions.join(' ')).toContain(`${primary}, ${dead}, ${standby} was not proven fenced`);

    // Whoever had looked the name up right before the first share keeps the address for as long as it said.
    const firstShare = Date.parse(report.timeline.find(({ text }) => /^\d+ % of the customers are led to /.test(text))?.at ?? '');
    const forgotten = firstShare + seconds(scenarios.plan.estate.dns.ttl) * 1000;
    const during = await scenarios.figures(since);
    const acknowledged = (by: string) => during.acknowledgedBySite.find((entry) => entry.site === by);
    const fenceAsked = Date.parse(report.gates.find(({ question }) => question.includes('is not proven fenced'))?.openedAt ?? '');
    process.stdout.write(`cut off: ${primary} acknowledged ${acknowledged(primary)?.writes} writes until ${acknowledged(primary)?.lastAt}, ${site} since ${acknowledged(site)?.firstAt}; first share at ${new Date(firstShare).toISOString()}\n`); // prettier-ignore
    expect(Date.parse(acknowledged(primary)?.lastAt ?? ''), 'the risk was real: it acknowledged after people were asked').toBeGreaterThan(fenceAsked);
    expect(Date.parse(acknowledged(primary)?.lastAt ?? '')).toBeLessThanOrEqual(forgotten + underWayMs);
    expect(acknowledged(site)?.writes).toBeGreaterThan(0);
    expect([dead, standby].flatMap((each) => acknowledged(each) ?? [])).toEqual([]);
    expect(during.missing.unknown).toEqual([]);
    expect(during.missing.count, 'what they acknowledged alone is lost, as people were told').toBeGreaterThan(0);

    const back = new Date().toISOString();
    for (const each of alive) await scenarios.control('heal', { site: each });
    expect(await Promise.all(alive.map(fenced))).toEqual(['fenced', 'fenced']);
    const after = await scenarios.figures(back);
    expect(after.acknowledgedBySite.map((entry) => entry.site)).toEqual([site]);
    expect(after.functions.filter((entry) => entry.failed > 0)).toEqual([]);
  });
});
