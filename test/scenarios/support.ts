/** How the scenarios judge: by the customers' ledger beside the report. */
import { expect } from 'vitest';
import { isZero } from '../../plan/rules/loss.ts';
import type { CustomerFigures } from '../../lab/customers/figures.ts';
import type { Report } from '../../report/report.ts';
import { failed, target } from './scenarios.ts';

export { approve, failed, Scenarios, target, third } from './scenarios.ts';

/** Seconds between two probes of the lab's plan, and how far the two accounts of an outage may differ besides. */
const probeIntervalSeconds = 1;
const toleranceSeconds = 2;

/** The customers' worst outage, in seconds. */
export function worstOutage(figures: CustomerFigures): number {
  return Math.max(0, ...figures.functions.map((entry) => entry.worst?.seconds ?? 0));
}

/** The run recovered, nothing that was acknowledged is lost, and both accounts of the outage agree. */
export function expectCleanRecovery(report: Report, figures: CustomerFigures): void {
  expect(report.outcome, report.summary).toBe('recovered');
  expect(isZero(report.loss), report.loss.kind).toBe(true);
  expect(figures.missing.unknown).toEqual([]);
  expect(figures.missing.writes).toEqual([]);
  expect(Math.abs(worstOutage(figures) - Number(report.clock?.totalSeconds))).toBeLessThanOrEqual(toleranceSeconds + probeIntervalSeconds);
}

/** No write was acknowledged at the old site after the new one began to acknowledge: never two writers. */
export function expectOneWriterAtATime(figures: CustomerFigures): void {
  const old = figures.acknowledgedBySite.find((entry) => entry.site === failed);
  const fresh = figures.acknowledgedBySite.find((entry) => entry.site === target);
  if (!old || !fresh) return;
  expect(Date.parse(old.lastAt)).toBeLessThanOrEqual(Date.parse(fresh.firstAt));
}
