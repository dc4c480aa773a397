/** Goal: what strangers send to a run in the worst hour costs it nothing. Method: two live failovers, one quiet, one under thousands of messages of every kind; outcome, report, status and the time that the run itself took beside each other. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { decideUntilEnd } from '../../lab/orchestrator/recovery.ts';
import type { Report } from '../../report/report.ts';
import { until } from '../support/until.ts';
import { foreignPayloads, signalRaw } from '../support/raw-messages.ts';
import { approve, expectCleanRecovery, failed, Scenarios } from './support.ts';

const minutes = 60_000;
const strangers = 5_000;
const longReasons = 48;
/** How many are on their way at a time: as many as one client's connection bears. */
const atATime = 200;
let scenarios: Scenarios;

beforeAll(async () => {
  scenarios = await Scenarios.start('flood');
}, 5 * minutes);
afterAll(async () => scenarios?.stop(), minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

async function sendAll(send: readonly (() => Promise<unknown>)[]): Promise<void> {
  const waiting = [...send];
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await next();
    }),
  );
}

/** Every kind of message that the issue of hostile clients names, all of them to the run that asks. */
async function flood(gate: string): Promise<void> {
  const run = scenarios.run();
  const target = { client: scenarios.client, workflowId: run.workflowId };
  const votes = Array.from(
    { length: strangers },
    (_none, index) => () => run.signal('vote', { gate, choice: 'approve', who: `stranger-${index}`, reason: 'let me in' }),
  );
  const long = Array.from(
    { length: longReasons },
    (_none, index) => () => run.signal('approve', { gate, who: `talker-${index}`, reason: 'word '.repeat(20_000) }),
  );
  const foreign = ['vote', 'approve', 'reject', 'stop', 'resume', 'no-such-signal'].flatMap((signal) =>
    Object.values(foreignPayloads).map((payload) => () => signalRaw(target, signal, [payload])),
  );
  const stops = Array.from({ length: 200 }, () => () => run.signal('stop', { who: 'stranger', reason: 'halt\n| forged | row |\u001b[2J' }));
  await sendAll([...votes, ...long, ...foreign, ...stops]);
}

/** Seconds that the run itself worked: without the wait for people. */
const workSeconds = ({ steps }: Report): number => steps.reduce((total, step) => total + (step.durationSeconds ?? 0) - (step.waitedForPeopleSeconds ?? 0), 0);

it(
  `${strangers} votes of strangers, ${longReasons} reasons of 100 kB, foreign encodings and stops change neither the outcome nor what people see`,
  { timeout: 10 * minutes },
  async () => {
    const quiet = await scenarios.recover(() => scenarios.stack.lab('kill', failed));
    expectCleanRecovery(quiet.report, quiet.figures);
    await scenarios.reset();

    const since = new Date().toISOString();
    await scenarios.stack.lab('kill', failed);
    await scenarios.start();
    const gate = await until('the gate opens', async () => (await scenarios.run().query<{ gate: { gate: string } | null }>('status')).gate?.gate, 90);
    await flood(gate);
    const status = await scenarios.stack.dr('status');
    expect(status.code, status.err).toBe(0);
    expect(status.out.split('\n').length, 'dr status prints a screen').toBeLessThan(120);
    expect(status.out).not.toContain('\u001b[2J');
    await decideUntilEnd(scenarios.stack, approve);
    const { report, figures } = await scenarios.settle(since);
    expectCleanRecovery(report, figures);
    expect(JSON.stringify(report).length).toBeLessThan(400_000);
    expect(report.gates[0]?.decision).toBe('approve');
    process.stdout.write(`the run worked ${workSeconds(quiet.report).toFixed(1)} s in quiet, ${workSeconds(report).toFixed(1)} s under the flood\n`);
  },
);
