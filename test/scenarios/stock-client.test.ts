/** Goal: whoever has nothing but Temporal's own command line can recover the estate. Method: the README's lines, word for word, against a region that died. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Answer } from '../../lab/orchestrator/programs.ts';
import { findTemporal } from '../../lab/setup/paths.ts';
import { until } from '../support/until.ts';
import { type Drivers, openDrivers, readTraces } from './drivers.ts';
import { failed, Scenarios, target } from './support.ts';

/** The README's lines, each by the words after `temporal workflow` that tell it from the others. */
const shown = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n');
function line(begin: string): string {
  const found = shown.filter((text) => new RegExp(`^temporal workflow ${begin} `).test(text));
  if (found.length !== 1) throw new Error(`The README shows ${found.length} lines "temporal workflow ${begin}", and this test runs one.`);
  return found[0] ?? '';
}
const lines = {
  start: line('start'),
  describe: line('describe'),
  status: line('query'),
  approve: line('signal'),
  vote: line('update execute'),
  result: line('result'),
};

let scenarios: Scenarios;
let drivers: Drivers;
const minutes = 60_000;

beforeAll(async () => {
  scenarios = await Scenarios.start('stock-client');
  drivers = await openDrivers(scenarios.stack.plan);
}, 5 * minutes);
afterAll(async () => {
  await drivers?.close();
  await scenarios?.stop();
}, minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

/** Runs a line by a shell that knows nothing of this repository but where Temporal listens. */
function type(text: string, gate = ''): Promise<Answer> {
  const temporal = findTemporal();
  if (!temporal) throw new Error('The Temporal command line is missing. Install it with: npm run setup');
  const command = text.replaceAll('erlmcp-production', scenarios.estate).replaceAll('activation-3f9c2a', gate);
  const env = {
    HOME: process.env['HOME'],
    PATH: [dirname(temporal), process.env['PATH']].join(delimiter),
    TEMPORAL_ADDRESS: scenarios.stack.temporal.address,
  };
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], { env, timeout: 2 * minutes, maxBuffer: 16 * 1024 * 1024 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    );
  });
}

async function expectDone(answer: Promise<Answer>): Promise<Answer> {
  const done = await answer;
  expect(done.code, done.err).toBe(0);
  return done;
}

/** The id of the open question, as a reader finds it in the answer to the query. */
async function openGate(): Promise<string> {
  return until('the gate opens', async () => /"gate":\s*"(activation-[0-9a-f]+)"/.exec((await type(lines.status)).out)?.[1], 60);
}

it('starts, approves, looks at and reads a recovery', { timeout: 4 * minutes }, async () => {
  const since = new Date().toISOString();
  await scenarios.stack.lab('kill', failed);
  await expectDone(type(lines.start));
  const gate = await openGate();
  expect((await expectDone(type(lines.describe))).out, 'a run that is open has no status line').not.toMatch(/^ *Status/m);

  const again = await type(lines.start);
  expect(again.code, 'a second start is refused while the first run is open').not.toBe(0);
  expect(again.err).toMatch(/already/i);

  const stranger = await type(lines.vote.replace('bob-wilson', 'somebody-else'), gate);
  expect(stranger.code).not.toBe(0);
  expect(stranger.out + stranger.err).toContain('somebody-else is not among those who decide here. They are: ');

  await expectDone(type(lines.approve, gate));
  await expectDone(type(lines.vote, gate));
  const result = await expectDone(type(lines.result));
  expect(result.out).toMatch(/"outcome":\s*"recovered"/);
  expect((await expectDone(type(lines.describe))).out).toMatch(/^ *Status +COMPLETED/m);

  const { report, figures } = await scenarios.settle(since);
  expect(report).toMatchObject({ outcome: 'recovered', places: { failed: [failed], source: failed, target } });
  expect(report.gates[0]?.decision).toBe('approve');
  expect(figures.missing.writes).toEqual([]);
});

it('counts a vote by update and answers at once', { timeout: 2 * minutes }, async () => {
  await scenarios.stack.lab('cut', failed);
  await expectDone(type(lines.start));
  const answer = await expectDone(type(lines.vote, await openGate()));
  expect(answer.out).toMatch(/counted:true .*Counted: bob-wilson votes approve\./);
});

it('is told the right id when it starts a run under another, and nothing changes', { timeout: 2 * minutes }, async () => {
  const before = await readTraces(scenarios, drivers);
  const wrong = (text: string) => text.replace('recovery/erlmcp-production', 'failover-1');
  await expectDone(type(wrong(lines.start)));
  const result = await type(wrong(lines.result));
  expect(result.code).not.toBe(0);
  expect(result.out + result.err).toContain(`Start again with the workflow id recovery/${scenarios.estate}`);
  expect(await readTraces(scenarios, drivers)).toEqual(before);
});
