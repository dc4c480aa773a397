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
  readonly functions: readonly { readonly id: string; readonly rtoSeconds: { readonly target: number; readonly achieved: number | 'not reached' } }[];
}

export interface Comparison {
  readonly good: boolean;
  readonly lines: readonly string[];
}

/** How far the worst customer's outage and the run's RTO may differ, besides one interval of the probes: seconds. */
const toleranceSeconds = 2;

export function compare(report: ReportView, figures: CustomerFigures, probeIntervalSeconds: number): Comparison {
  const worst = Math.max(0, ...figures.functions.map((entry) => entry.worst?.seconds ?? 0));
  const total = report.clock?.totalSeconds ?? 'not reached';
  const allowed = toleranceSeconds + probeIntervalSeconds;
  const missed = report.functions.filter((entry) => entry.rtoSeconds.achieved === 'not reached' || entry.rtoSeconds.achieved > entry.rtoSeconds.target);
  const checks: [boolean, string][] = [
    [report.outcome.startsWith('recovered'), `outcome: ${report.outcome}`],
    [
      typeof total === 'number' && Math.abs(worst - total) <= allowed,
      `worst customer's outage ${worst.toFixed(1)} s, the run's RTO ${typeof total === 'number' ? total.toFixed(1) : total} s; they may differ by ${allowed} s`,
    ],
    [
      figures.missing.count === 0 && figures.missing.unknown.length === 0,
      `acknowledged writes lost: ${figures.missing.count} of ${figures.acknowledgedWrites}${figures.missing.unknown.map((reason) => `; ${reason}`).join('')}`,
    ],
    [report.loss.kind === 'proven 0' || report.loss.kind === '0 unless', `loss by the run: ${report.loss.kind}`],
    [missed.length === 0, `objectives: ${report.functions.length - missed.length} of ${report.functions.length} functions within their RTO`],
    [
      (report.clock?.executionSeconds ?? Infinity) < 10,
      `from approval to verified and ready for traffic: ${report.clock?.executionSeconds.toFixed(1) ?? '?'} s; the DNS method's own time (${report.clock?.routingMethod ?? '?'}): ${report.clock?.routingSeconds.toFixed(1) ?? '?'} s; TTL: ${report.clock?.ttlSeconds ?? '?'} s`,
    ],
  ];
  return { good: checks.every(([good]) => good), lines: checks.map(([good, text]) => `${good ? '✓' : '✗'} ${text}`) };
}
