import { resolve } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadPlan } from '../../../plan/load.ts';
import { costOfDowntime, forecast, judgeRpo, judgeRto, servedFunctions, strictestRpo, strictestRto } from '../../../plan/rules/objectives.ts';

test('a failover serves the functions with a probe, the most urgent first', async () => {
  const { plan } = await loadPlan(resolve(import.meta.dirname, '../../../plan/erlmcp'));
  const served = servedFunctions(plan);
  expect(served.map((entry) => entry.id)).toEqual(['customer-api', 'session-management', 'payment-processing', 'admin-console', 'analytics']);
  expect(strictestRto(served)).toBe(1800);
  expect(strictestRpo(served)).toBe(300);
});

test('an objective is met when it is reached exactly, and never without an end', () => {
  expect(judgeRto(1800, 1800)).toBe('met');
  expect(judgeRto(1800, 1800.1)).toBe('missed');
  expect(judgeRto(1800, 'not reached')).toBe('not reached');
});

test('a loss that is not known is never met', () => {
  expect(judgeRpo(0, { kind: 'proven 0' })).toBe('met');
  expect(judgeRpo(300, { kind: 'at most', seconds: 300 })).toBe('met');
  expect(judgeRpo(0, { kind: 'at most', seconds: 1 })).toBe('missed');
  expect(judgeRpo(300, { kind: 'unknown' })).toBe('unknown');
});

test('an outage costs its share of the year', () => {
  expect(costOfDowntime({ amount: 1_000_000, currency: 'USD' }, 3600)).toEqual({ amount: 114.16, currency: 'USD' });
  expect(costOfDowntime({ amount: 1_000_000, currency: 'USD' }, 365 * 86_400)).toEqual({ amount: 1_000_000, currency: 'USD' });
  expect(costOfDowntime(undefined, 3600)).toBeUndefined();
});

test('a longer outage never costs less', () => {
  const time = fc.integer({ min: 0, max: 10_000_000 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), time, time, (amount, a, b) => {
      const cost = (seconds: number): number => costOfDowntime({ amount, currency: 'USD' }, seconds)?.amount ?? 0;
      expect(cost(Math.max(a, b))).toBeGreaterThanOrEqual(cost(Math.min(a, b)));
    }),
  );
});

test('the forecast says within, when the breach comes, and since when it is there', () => {
  const base = { failedSince: '2026-02-02T14:02:05Z', rtoSeconds: 1800, remainingSeconds: 0, aheadSeconds: 0 };
  expect(forecast({ ...base, now: '2026-02-02T14:03:17Z' })).toBe('within RTO: 1 min 12 s of 30 min 00 s');
  expect(forecast({ ...base, now: '2026-02-02T14:30:05Z', remainingSeconds: 300 })).toBe('breach at 14:32:05Z');
  expect(forecast({ ...base, now: '2026-02-02T14:40:00Z' })).toBe('in breach since 14:32:05Z');
  expect(forecast({ ...base, failedSince: null, now: '2026-02-02T14:40:00Z' })).toBe('no clock: no failure is on record');
});

test('while steps are ahead the forecast is no promise: it says what they may take', () => {
  const base = { failedSince: '2026-02-02T14:02:05Z', rtoSeconds: 1800, remainingSeconds: 60, now: '2026-02-02T14:03:17Z' };
  expect(forecast({ ...base, aheadSeconds: 120 })).toBe('within RTO so far: 1 min 12 s of 30 min 00 s; at most 3 min 12 s by the bounds of the steps ahead');
  expect(forecast({ ...base, aheadSeconds: 3600 })).toContain('within RTO so far: 1 min 12 s of 30 min 00 s; at most 1 h 01 min');
});
