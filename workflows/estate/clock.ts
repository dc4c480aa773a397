/** The clock of an outage: recorded moments, and the split computed from them. Pure. */
import type { OutageClock } from '../../report/report.ts';

/** Moments of an outage, each RFC 3339; absent until they come. */
export interface Moments {
  failedSince?: string;
  failedSinceBasis?: 'observed' | 'asserted';
  /** When the question of activation was put, and answered. */
  askedAt?: string;
  decidedAt?: string;
  /** Every function verified at the target, ready for traffic. */
  readyAt?: string;
  /** The change of route was begun, and the authoritative servers gave the new address. */
  routingAt?: string;
  routingMethod?: string;
  authoritativeAt?: string;
  ttlSeconds?: number;
}

function between(from: string | undefined, to: string | undefined): number {
  return from === undefined || to === undefined ? 0 : Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

/** The clock as the report has it; null when no failure is on record. */
export function split(moments: Moments, peopleSeconds: number): OutageClock | null {
  if (moments.failedSince === undefined) return null;
  const ttlSeconds = moments.ttlSeconds ?? 0;
  return {
    kind: 'outage',
    failedSince: moments.failedSince,
    failedSinceBasis: moments.failedSinceBasis ?? 'observed',
    detectionSeconds: between(moments.failedSince, moments.askedAt),
    decisionSeconds: between(moments.askedAt, moments.decidedAt),
    executionSeconds: between(moments.decidedAt, moments.readyAt),
    routingSeconds: between(moments.routingAt, moments.authoritativeAt),
    routingMethod: moments.routingMethod ?? 'none',
    ttlSeconds,
    totalSeconds: moments.authoritativeAt === undefined ? 'not reached' : between(moments.failedSince, moments.authoritativeAt) + ttlSeconds,
    peopleSeconds,
  };
}

/**
 * Seconds from the first failed observation until a function served customers again: green at the target, and the old answer gone from every cache.
 * The report shows the split of it.
 */
export function achievedRto(moments: Moments, greenAt: string | undefined): number | 'not reached' {
  if (moments.failedSince === undefined || moments.authoritativeAt === undefined || greenAt === undefined) return 'not reached';
  const routed = Date.parse(moments.authoritativeAt) + (moments.ttlSeconds ?? 0) * 1000;
  return Math.max(0, (Math.max(Date.parse(greenAt), routed) - Date.parse(moments.failedSince)) / 1000);
}
