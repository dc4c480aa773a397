/** Goal: each check of the faults is seen to be broken, and each fault of the lab has a case. Method: what was seen in a clean run, and one thing changed. */
import { describe, expect, it } from 'vitest';
import type { CustomerFigures } from '../../lab/customers/figures.ts';
import { faults } from '../../lab/faults/verbs.ts';
import { exampleReport } from '../report/example.ts';
import { expectationOf } from './case.ts';
import { faultCases } from './cases.ts';
import { bounded, checks, fencedOnReturn, type Left, lossless, noTraffic, notPromoted, unchanged } from './checks.ts';

const at = '2026-02-02T10:00:00.000Z';
const figures: CustomerFigures = {
  from: at,
  to: at,
  customers: 1,
  calls: 2,
  functions: [],
  acknowledgedWrites: 1,
  acknowledgedBySite: [{ site: 'east', writes: 1, firstAt: at, lastAt: at, perSecond: {} }],
  callsByAddress: [{ address: '192.0.2.1', calls: 2, lastSentAt: at }],
  missing: { database: 'east', cache: 'east', unknown: [], count: 0, rows: 0, writes: [] },
};
const fence = { at, where: 'site-agent east', what: 'database-fence', run: 'r@1' };
const promotion = { at, where: 'site-agent west', what: 'database-promote', run: 'r@1' };
const mail = { at, where: 'mailbox', what: 'm1', run: '' };
const before: Left = {
  traces: { mutatingCalls: [], records: [{ name: 'a' }], zoneEpoch: [{ name: 'e' }], agents: ['east: epoch 0'], servers: ['database at east: writer'], capacity: ['east: 100 %'], switches: ['east: 404'] },
  effects: { effects: [fence], timelines: [] },
}; // prettier-ignore
const provenNone = { ...exampleReport, loss: { kind: 'proven 0' as const, proof: 'the standby was synchronous' } };

describe('a check', () => {
  it('unchanged bears what people are told, and sees a change log, a server, a record, a switch and a capacity that are not as before', () => {
    expect(unchanged(before, { ...before, effects: { ...before.effects, effects: [fence, mail] } })).toEqual([]);
    expect(unchanged(before, { ...before, effects: { ...before.effects, effects: [fence, promotion] } })).toHaveLength(1);
    for (const trace of ['servers', 'records', 'switches', 'capacity', 'agents', 'zoneEpoch', 'mutatingCalls'] as const) {
      expect(unchanged(before, { ...before, traces: { ...before.traces, [trace]: ['another'] } }), trace).toHaveLength(1);
    }
  });

  it('lossless sees a loss that is not proven none, and writes that the ledger misses or nobody could look for', () => {
    expect(lossless(provenNone, figures)).toEqual([]);
    expect(lossless({ ...provenNone, loss: { kind: 'unknown', reason: 'nobody counted' } }, figures)).toHaveLength(1);
    expect(lossless(null, figures)).toHaveLength(1);
    expect(lossless(provenNone, { ...figures, missing: { ...figures.missing, count: 1 } })).toHaveLength(1);
    expect(lossless(provenNone, { ...figures, missing: { ...figures.missing, unknown: ['No database takes writes.'] } })).toHaveLength(1);
  });

  it('bounded sees a loss that nothing bounds', () => {
    expect(bounded({ ...exampleReport, loss: { kind: 'at most', seconds: 9, bytes: 'unknown', basis: 'the log' } })).toEqual([]);
    expect(bounded({ ...exampleReport, loss: { kind: 'unknown', reason: 'nobody counted' } })).toHaveLength(1);
    expect(bounded(null)).toHaveLength(1);
  });

  it('noTraffic sees a call to the target and a write that it acknowledged', () => {
    expect(noTraffic(figures, 'west', '192.0.2.2')).toEqual([]);
    expect(noTraffic(figures, 'west', '192.0.2.1')).toHaveLength(1);
    expect(noTraffic(figures, 'east', '192.0.2.2')).toHaveLength(1);
  });

  it('notPromoted sees a promotion in a change log', () => {
    expect(notPromoted(before.effects)).toEqual([]);
    expect(notPromoted({ ...before.effects, effects: [fence, promotion] })).toHaveLength(1);
  });

  it('fencedOnReturn sees a child that ended otherwise or not at all', () => {
    expect(fencedOnReturn('fenced')).toEqual([]);
    expect(fencedOnReturn('superseded')).toHaveLength(1);
    expect(fencedOnReturn(null)).toHaveLength(1);
  });
});

describe('the cases', () => {
  it('cover every fault of the lab', () => {
    const covered = new Set(faultCases.map(({ fault }) => fault));
    expect(faults.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
  });

  it('promise only what is judged', () => {
    const one = { subject: 'detection', fault: 'blip', at: 'us-east-1', lost: false } as const;
    expect(expectationOf({ ...one, ends: ['recovered'], checks: ['lossless'] })).toBe('recovered; the loss is 0, and the ledger misses nothing');
    expect(expectationOf({ ...one, ends: ['recovered', 'waits'], checks: ['noTraffic'], says: /a|b/ })).toBe(
      'recovered, or it asks people; where it does not recover, no customer is sent to the target; it says “a” or “b”',
    );
  });

  it('have no check that none of their endings would judge', () => {
    const idle = faultCases.flatMap((one) => one.checks.filter((check) => !one.ends.some(checks[check].judgedWhen)).map((check) => `${one.fault}: ${check}`));
    expect(idle).toEqual([]);
  });
});
