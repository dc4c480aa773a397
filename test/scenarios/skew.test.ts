/** Goal: a worker whose clock is wrong, or is set while it works, recovers in its usual time and tells right figures. Method: libfaketime under the worker, the customers' ledger as the oracle. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { decideUntilEnd } from '../../lab/orchestrator/recovery.ts';
import type { CustomerFigures } from '../../lab/customers/figures.ts';
import type { Report } from '../../report/report.ts';
import { findTool, testTools } from '../../lab/setup/paths.ts';
import { approve, expectCleanRecovery, expectOneWriterAtATime, failed, Scenarios } from './support.ts';

const minutes = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'dr-skew-'));
const clockFile = join(folder, 'clock');
let scenarios: Scenarios;

beforeAll(async () => {
  scenarios = await Scenarios.start('skew');
}, 5 * minutes);
afterAll(async () => {
  await scenarios?.stop();
  rmSync(folder, { recursive: true, force: true });
}, minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

/** As of a clean recovery, but that the clock itself is told as an exception. */
function expectRightFigures(report: Report, figures: CustomerFigures): void {
  expect(report.outcome, report.summary).toBe('recovered with exceptions');
  expectCleanRecovery({ ...report, outcome: 'recovered' }, figures);
  expectOneWriterAtATime(figures);
}

/** What the worker's clock shows, as an offset that libfaketime reads at each look, such as `+86400`, in seconds. */
function setClock(offset: string): void {
  writeFileSync(clockFile, `${offset}\n`);
}

/** The product's worker in place of the one that runs, under a clock that can be set. */
async function startWorkerUnder(offset: string): Promise<void> {
  setClock(offset);
  await scenarios.stack.worker.stop();
  const tool = testTools.find(({ name }) => name.startsWith('libfaketime'));
  const worker = await scenarios.stack.startWorker(undefined, {
    LD_PRELOAD: (tool && findTool(tool)) ?? '',
    FAKETIME_TIMESTAMP_FILE: clockFile,
    FAKETIME_NO_CACHE: '1',
    // Without it timers stall after a step back.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  });
  if (!readFileSync(`/proc/${worker.pid}/maps`, 'utf8').includes('libfaketime'))
    throw new Error('The worker runs by the machine´s clock: libfaketime was not loaded.');
}

it('a worker a day ahead', { timeout: 5 * minutes }, async () => {
  await startWorkerUnder('+86400');
  const { report, figures } = await scenarios.recover(() => scenarios.stack.lab('kill', failed));
  expectRightFigures(report, figures);
  expect(report.exceptions).toEqual([expect.stringMatching(/^The clock of a worker is .* ahead of the Temporal server's: .* Times here are the server's\.$/)]);
});

it('a worker whose clock is set ten minutes back in the middle', { timeout: 5 * minutes }, async () => {
  await startWorkerUnder('+0');
  const since = new Date().toISOString();
  await scenarios.stack.lab('kill', failed);
  await scenarios.start();
  await scenarios.untilStep('assess-impact');
  setClock('-600');
  await decideUntilEnd(scenarios.stack, approve);
  const { report, figures } = await scenarios.settle(since);
  expectRightFigures(report, figures);
});
