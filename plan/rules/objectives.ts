/** Objectives: what was promised, what was achieved, what it cost, and how it will end. Pure; times in seconds unless their name says otherwise. */
import { clockTime, formatSeconds, seconds } from '../durations.ts';
import type { BusinessFunction, Money, Plan } from '../schema.ts';

/** How much was lost, as reports give it. */
export type LossFigure = { readonly kind: 'proven 0' | '0 unless' } | { readonly kind: 'at most'; readonly seconds: number } | { readonly kind: 'unknown' };

export type Judgement = 'met' | 'missed' | 'not reached' | 'unknown';

const secondsOfYear = 365 * 86_400;

/** The functions that a failover moves and verifies: those with a probe, the most critical tier first, the strictest RTO first within a tier. */
export function servedFunctions(plan: Pick<Plan, 'functions' | 'estate'>): readonly BusinessFunction[] {
  const probed = new Set(plan.estate.functionProbes.map((probe) => probe.function));
  return plan.functions.filter((entry) => probed.has(entry.id)).sort((a, b) => a.tier - b.tier || seconds(a.rto) - seconds(b.rto));
}

/** The shortest RTO of some functions, in seconds; Infinity without any. */
export function strictestRto(functions: readonly Pick<BusinessFunction, 'rto'>[]): number {
  return Math.min(Infinity, ...functions.map((entry) => seconds(entry.rto)));
}

/** The shortest RPO of some functions, in seconds; Infinity without any. */
export function strictestRpo(functions: readonly Pick<BusinessFunction, 'rpo'>[]): number {
  return Math.min(Infinity, ...functions.map((entry) => seconds(entry.rpo)));
}

/** An achieved recovery time against its target. An objective is met when it is reached exactly. */
export function judgeRto(targetSeconds: number, achieved: number | 'not reached'): Judgement {
  if (achieved === 'not reached') return 'not reached';
  return achieved <= targetSeconds ? 'met' : 'missed';
}

/** A loss against its target. What is not known is never counted as met. */
export function judgeRpo(targetSeconds: number, loss: LossFigure): Judgement {
  if (loss.kind === 'unknown') return 'unknown';
  return loss.kind !== 'at most' || loss.seconds <= targetSeconds ? 'met' : 'missed';
}

/** Share of the annual cost for an outage, rounded to cents; undefined where the plan gives no figure. */
export function costOfDowntime(annualCost: Money | undefined, outageSeconds: number): Money | undefined {
  if (annualCost === undefined) return undefined;
  return { amount: Math.round((annualCost.amount * Math.max(0, outageSeconds) * 100) / secondsOfYear) / 100, currency: annualCost.currency };
}

export interface ForecastInput {
  /** First failed observation; RFC 3339. Null when there is none. */
  readonly failedSince: string | null;
  /** RFC 3339. */
  readonly now: string;
  /** Strictest RTO of the functions concerned. */
  readonly rtoSeconds: number;
  /** What the run still needs in any case. */
  readonly remainingSeconds: number;
  /** What it may still need, by the bounds of the steps ahead; 0 when none is. */
  readonly aheadSeconds: number;
}

/** When an RTO is over; RFC 3339. Null where no clock runs. */
export function rtoEndsAt(failedSince: string | null, rtoSeconds: number): string | null {
  return failedSince === null || !Number.isFinite(rtoSeconds) ? null : new Date(Date.parse(failedSince) + rtoSeconds * 1000).toISOString();
}

/**
 * The clock against the RTO, as people read it: `within RTO so far: 1 min 12 s of 30 min 00 s; at most 11 min 40 s by the bounds of the steps ahead`, `breach at 14:32:05Z` or
 * `in breach since 14:32:05Z`. Once customers are routed: `within RTO: 9 min 12 s of 30 min 00 s`.
 */
export function forecast({ failedSince, now, rtoSeconds, remainingSeconds, aheadSeconds }: ForecastInput): string {
  const end = rtoEndsAt(failedSince, rtoSeconds);
  if (failedSince === null || end === null) return 'no clock: no failure is on record';
  const elapsed = Math.max(0, (Date.parse(now) - Date.parse(failedSince)) / 1000);
  const breach = clockTime(end);
  if (elapsed > rtoSeconds) return `in breach since ${breach}`;
  if (elapsed + remainingSeconds > rtoSeconds) return `breach at ${breach}`;
  const clock = `${formatSeconds(elapsed)} of ${formatSeconds(rtoSeconds)}`;
  if (aheadSeconds === 0) return `within RTO: ${clock}`;
  return `within RTO so far: ${clock}; at most ${formatSeconds(elapsed + aheadSeconds)} by the bounds of the steps ahead`;
}
