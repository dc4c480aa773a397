/** How the customers' figures are computed from their ledger. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acknowledgedBySite, functionFigures } from '../../lab/customers/figures.ts';
import type { LedgerEntry } from '../../lab/customers/ledger.ts';
import { outagesOf } from '../../lab/customers/outages.ts';

type Outcome = LedgerEntry['outcome'];

/** Calls of one customer, one second apart from `startMs`, each answered after 100 ms, failures after 1000. */
function calls(kind: LedgerEntry['kind'], outcomes: readonly Outcome[], startMs = 0, customer = 'c1'): LedgerEntry[] {
  return outcomes.map((outcome, index) => {
    const sentAtMs = startMs + index * 1_000;
    return {
      customer,
      function: 'customer-api',
      kind,
      sequence: index,
      sentAtMs,
      endedAtMs: sentAtMs + (outcome === 'failed' ? 1_000 : 100),
      outcome,
      site: 'us-east-1',
    };
  });
}

test('an outage runs from the sending of the first failed call to the first success after', () => {
  const entries = calls('write', ['ok', 'failed', 'failed', 'failed', 'ok', 'ok']);
  expect(outagesOf(entries, 6_000)).toEqual([{ startMs: 1_000, endMs: 4_100, ongoing: false, failures: 3 }]);
});

test('refusals by capacity neither begin an outage nor end one', () => {
  expect(outagesOf(calls('write', ['ok', 'refused', 'refused', 'ok']), 4_000)).toEqual([]);
  expect(outagesOf(calls('write', ['ok', 'failed', 'refused', 'failed', 'ok']), 5_000)).toEqual([
    { startMs: 1_000, endMs: 4_100, ongoing: false, failures: 2 },
  ]);
});

test('reads that succeed do not hide that writes fail', () => {
  const entries = [...calls('write', ['ok', 'failed', 'failed', 'ok']), ...calls('read', ['ok', 'ok', 'ok', 'ok'], 500)];
  expect(outagesOf(entries, 4_000)).toEqual([{ startMs: 1_000, endMs: 3_100, ongoing: false, failures: 2 }]);
});

test('outages of reads and writes that overlap are one', () => {
  const entries = [...calls('write', ['ok', 'failed', 'failed', 'ok']), ...calls('read', ['failed', 'failed', 'failed', 'ok'], 500)];
  expect(outagesOf(entries, 4_000)).toEqual([{ startMs: 500, endMs: 3_600, ongoing: false, failures: 5 }]);
});

test('an outage without an end lasts to the end of the ledger and says so', () => {
  expect(outagesOf(calls('write', ['ok', 'failed', 'failed']), 3_000)).toEqual([{ startMs: 1_000, endMs: 3_000, ongoing: true, failures: 2 }]);
});

test('figures give the worst customer, the median, and count single failures apart', () => {
  const entries = [
    ...calls('write', ['ok', 'failed', 'failed', 'failed', 'ok'], 0, 'c1'),
    ...calls('write', ['ok', 'failed', 'failed', 'ok', 'ok'], 0, 'c2'),
    ...calls('write', ['ok', 'failed', 'ok', 'ok', 'refused'], 0, 'c3'),
  ];
  expect(functionFigures(entries)).toEqual([
    {
      function: 'customer-api',
      calls: 15,
      failed: 6,
      refused: 1,
      worst: { customer: 'c1', seconds: 3.1, from: '1970-01-01T00:00:01.000Z', to: '1970-01-01T00:00:04.100Z', ongoing: false },
      medianSeconds: 2.1,
      customersOut: 0,
      blips: 1,
    },
  ]);
});

test('acknowledgements are counted by site and second', () => {
  const entries = calls('write', ['ok', 'ok', 'failed', 'ok']).map((entry, index) => ({ ...entry, site: index < 3 ? 'us-east-1' : 'eu-central-1' }));
  expect(acknowledgedBySite(entries)).toEqual([
    {
      site: 'us-east-1',
      writes: 2,
      firstAt: '1970-01-01T00:00:00.100Z',
      lastAt: '1970-01-01T00:00:01.100Z',
      perSecond: { '1970-01-01T00:00:00Z': 1, '1970-01-01T00:00:01Z': 1 },
    },
    { site: 'eu-central-1', writes: 1, firstAt: '1970-01-01T00:00:03.100Z', lastAt: '1970-01-01T00:00:03.100Z', perSecond: { '1970-01-01T00:00:03Z': 1 } },
  ]);
});

test('whatever the calls, outages are in order, apart, and hold every failed call', () => {
  const outcome = fc.constantFrom<Outcome>('ok', 'refused', 'failed');
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 30 }), fc.array(outcome, { maxLength: 30 }), (writes, reads) => {
      const entries = [...calls('write', writes), ...calls('read', reads, 500)];
      const endMs = entries.reduce((latest, { endedAtMs }) => Math.max(latest, endedAtMs), 0);
      const outages = outagesOf(entries, endMs);
      outages.forEach((outage, index) => {
        expect(outage.endMs).toBeGreaterThanOrEqual(outage.startMs);
        if (index > 0) expect(outage.startMs).toBeGreaterThan((outages[index - 1] as typeof outage).endMs);
      });
      for (const entry of entries.filter((candidate) => candidate.outcome === 'failed')) {
        expect(outages.some(({ startMs, endMs: to }) => entry.sentAtMs >= startMs && entry.sentAtMs <= to)).toBe(true);
      }
      expect(outages.reduce((sum, { failures }) => sum + failures, 0)).toBe(entries.filter((candidate) => candidate.outcome === 'failed').length);
    }),
  );
});
