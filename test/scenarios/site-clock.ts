/** How a failover is judged while a site's clock is wrong: shared by the files that set one. */
import { expect } from 'vitest';
import type { OpenGate } from '../../lab/orchestrator/recovery.ts';
import { outageClock } from '../../report/clock-words.ts';
import type { Report } from '../../report/report.ts';
import { until } from '../support/until.ts';
import { expectCleanRecovery, expectOneWriterAtATime, failed, type Scenarios } from './support.ts';

/** Of time on the customers' clock, how far a figure may be off. */
const toleranceSeconds = 5;

/** The failover of a lost site, while the clock of `site` is wrong: as clean as any, but that the clock is told, at the gate and in the report. */
export async function recoverWith(scenarios: Scenarios, fault: 'clock-ahead' | 'clock-behind', site: string, told: RegExp): Promise<void> {
  await scenarios.control('fault/inject', { name: fault, site });
  await scenarios.serveCustomers();
  await untilAssessed(scenarios, told);
  const gates: OpenGate[] = [];
  const killedAt = Date.now();
  const { report, figures } = await scenarios.recover(() => scenarios.stack.lab('kill', failed), {
    activation: (gate) => (gates.push(gate), 'approve'),
  });
  expect(report.outcome, report.summary).toBe('recovered with exceptions');
  expect(report.exceptions).toEqual([expect.stringMatching(told)]);
  expect(gates[0]?.evidence).toContainEqual(expect.stringMatching(told));
  expectCleanRecovery({ ...report, outcome: 'recovered' }, figures);
  expectOneWriterAtATime(figures);
  expect(Math.abs(Date.parse(outageClock(report)?.failedSince ?? '') - killedAt) / 1000).toBeLessThan(toleranceSeconds);
  expectWindowSince(report, killedAt);
}

/** The time in which the lost site may have acknowledged alone begins with its last heartbeat, right before it was lost. */
function expectWindowSince(report: Report, killedAt: number): void {
  if (report.loss.kind !== '0 unless') throw new Error(`the loss is ${report.loss.kind}`);
  const sinceLost = (Date.parse(outageClock(report)?.failedSince ?? '') - killedAt) / 1000;
  expect(Number(report.loss.windowSeconds)).toBeGreaterThanOrEqual(Math.floor(sinceLost));
  expect(Number(report.loss.windowSeconds)).toBeLessThan((Date.parse(report.endedAt) - killedAt) / 1000 + toleranceSeconds);
}

/** The site's peers have noted its clock by now: an assessment in peace tells it as well. */
async function untilAssessed(scenarios: Scenarios, told: RegExp): Promise<void> {
  const tells = async () => told.test((await scenarios.stack.dr('assess', '--from', failed)).out) || undefined;
  await until('the assessment names the clock', tells, 60);
}
