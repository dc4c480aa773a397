/** Holds the run's report against the customers' ledger. Pure. */
import type { CustomerFigures } from '../customers/figures.ts';

/** The parts of a report that customers can check. */
export interface ReportView {
  readonly outcome: string;
  readonly loss: { readonly kind: string; readonly seconds?: number };
  readonly clock: {
    readonly failedSince: string;
    readonly executionSeconds: number;
    readonly routingSeconds: number;
    readonly ttlSeconds: number;
    readonly routingMethod: string;
    readonly totalSeconds: number | 'not reached';
  } | null;
  readonly gates: readonly { readonly gate: string; readonly answer?: { readonly value: string | number } }[];
  readonly functions: readonly { readonly id: string; readonly rtoSeconds: { readonly target: number; readonly achieved: number | 'not reached' } }[];
}

export interface Comparison {
  readonly good: boolean;
  readonly lines: readonly string[];
}

/** How far the worst customer's outage and the run's RTO may differ, besides one interval of the probes: seconds. */
const toleranceSeconds = 2;

/** What must be so, and the line that says how it is. */
export type Check = readonly [boolean, string];

/** How the outage was, by the run and by its customers. */
export function outageChecks(report: ReportView, figures: CustomerFigures, probeIntervalSeconds: number): readonly Check[] {
  const worst = Math.max(0, ...figures.functions.map((entry) => entry.worst?.seconds ?? 0));
  const total = report.clock?.totalSeconds ?? 'not reached';
  const allowed = toleranceSeconds + probeIntervalSeconds;
  const missed = report.functions.filter((entry) => entry.rtoSeconds.achieved === 'not reached' || entry.rtoSeconds.achieved > entry.rtoSeconds.target);
  return [
    [report.outcome.startsWith('recovered'), `outcome: ${report.outcome}`],
    [
      typeof total === 'number' && Math.abs(worst - total) <= allowed,
      `worst customer's outage ${worst.toFixed(1)} s, the run's RTO ${typeof total === 'number' ? total.toFixed(1) : total} s; they may differ by ${allowed} s`,
    ],
    [missed.length === 0, `objectives: ${report.functions.length - missed.length} of ${report.functions.length} functions within their RTO`],
  ];
}

export function judged(checks: readonly Check[]): Comparison {
  return { good: checks.every(([good]) => good), lines: checks.map(([good, text]) => `${good ? '✓' : '✗'} ${text}`) };
}

/** A failover loses nothing, and is quick between yes and ready. */
export function compare(report: ReportView, figures: CustomerFigures, probeIntervalSeconds: number): Comparison {
  return judged([
    ...outageChecks(report, figures, probeIntervalSeconds),
    [
      figures.missing.count === 0 && figures.missing.unknown.length === 0,
      `acknowledged writes lost: ${figures.missing.count} of ${figures.acknowledgedWrites}${figures.missing.unknown.map((reason) => `; ${reason}`).join('')}`,
    ],
    [report.loss.kind === 'proven 0' || report.loss.kind === '0 unless', `loss by the run: ${report.loss.kind}`],
    [
      (report.clock?.executionSeconds ?? Infinity) < 10,
      `from approval to verified and ready for traffic: ${report.clock?.executionSeconds.toFixed(1) ?? '?'} s; the DNS method's own time (${report.clock?.routingMethod ?? '?'}): ${report.clock?.routingSeconds.toFixed(1) ?? '?'} s; TTL: ${report.clock?.ttlSeconds ?? '?'} s`,
    ],
  ]);
}
