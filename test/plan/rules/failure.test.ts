import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeFailure, type VantageView } from '../../../plan/rules/failure.ts';

const both = [
  { check: 'service', ok: true },
  { check: 'database', ok: true },
];

function saw(observer: string, kind: string, verdict: VantageView['verdict'], more: Partial<VantageView> = {}): VantageView {
  return { observer, kind, verdict, heldSeconds: 60, observations: verdict === 'alive' ? both : [], ...more };
}

const orchestrator = saw('orchestrator', 'orchestrator', 'failed', { failingSince: '2026-02-02T10:00:05Z' });
const europe = saw('eu-central-1', 'site-agent', 'failed', { failingSince: '2026-02-02T10:00:02Z' });
const asia = saw('ap-southeast-1', 'site-agent', 'failed');

describe('a site is failed', () => {
  test('when two vantage points of different kinds saw it over the hold time; since the earliest observation', () => {
    expect(judgeFailure([orchestrator, europe], 60)).toEqual({
      verdict: 'failed',
      failedSince: '2026-02-02T10:00:02Z',
      witnesses: ['orchestrator', 'eu-central-1'],
      reason: 'orchestrator and eu-central-1 got no answer from service and database for 60 s.',
    });
  });

  test('also while a health check still reaches its front: that says nothing about data', () => {
    const front = saw('route53', 'health-check', 'alive', { observations: [{ check: 'health-check', ok: true }] });
    const judged = judgeFailure([orchestrator, europe, front], 60);
    expect(judged.verdict).toBe('failed');
    expect(judged.reason).toContain('route53 still reached its front, which says nothing about its data.');
  });
});

describe('a site is not failed', () => {
  test('by two of one kind', () => {
    expect(judgeFailure([europe, asia], 60)).toMatchObject({
      verdict: 'undecided',
      reason: expect.stringContaining('1 kind of vantage point, and failed needs two'),
    });
  });

  test('before the hold time is over', () => {
    expect(
      judgeFailure(
        [
          { ...orchestrator, heldSeconds: 20 },
          { ...europe, heldSeconds: 20 },
        ],
        60,
      ),
    ).toMatchObject({ verdict: 'undecided', reason: expect.stringContaining('not for the hold time of 60 s') });
  });

  test('when the second kind is blind', () => {
    expect(judgeFailure([{ ...orchestrator, verdict: 'blind' }, europe, asia], 60).verdict).toBe('undecided');
  });

  test('when somebody reaches service and database: the network between them is at fault', () => {
    expect(judgeFailure([orchestrator, europe, saw('ap-southeast-1', 'site-agent', 'alive')], 60)).toMatchObject({
      verdict: 'undecided',
      reason: expect.stringContaining('fault of the network'),
    });
  });

  test('when a part of it answers: that is for people to declare', () => {
    expect(judgeFailure([saw('orchestrator', 'orchestrator', 'impaired'), europe], 60)).toMatchObject({
      verdict: 'undecided',
      reason: expect.stringContaining('a part of the site'),
    });
  });

  test('when everybody is blind', () => {
    expect(judgeFailure([{ ...orchestrator, verdict: 'blind' }], 60)).toMatchObject({
      verdict: 'undecided',
      reason: 'Every observer is blind: nobody can say anything about the site.',
    });
  });
});

test('a site that everybody reaches is alive', () => {
  expect(judgeFailure([saw('orchestrator', 'orchestrator', 'alive'), saw('eu-central-1', 'site-agent', 'alive')], 60)).toMatchObject({
    verdict: 'alive',
    failedSince: null,
  });
});

const vantage = fc.record({
  observer: fc.constantFrom('a', 'b', 'c', 'd'),
  kind: fc.constantFrom('orchestrator', 'site-agent', 'health-check'),
  verdict: fc.constantFrom('failed', 'impaired', 'alive', 'blind'),
  observations: fc.array(fc.record({ check: fc.constantFrom('service', 'database', 'ssh'), ok: fc.boolean() }), { maxLength: 4 }),
  heldSeconds: fc.integer({ min: 0, max: 120 }),
}) as fc.Arbitrary<VantageView>;
const vantages = fc.array(vantage, { maxLength: 6 });

describe('whatever the vantage points saw', () => {
  test('blind ones change nothing', () => {
    fc.assert(
      fc.property(vantages, vantage, (all, one) => {
        expect(judgeFailure([...all, { ...one, verdict: 'blind' }], 60)).toEqual(judgeFailure(all, 60));
      }),
    );
  });

  test('one that reaches service and database forbids "failed"', () => {
    fc.assert(
      fc.property(vantages, (all) => {
        expect(judgeFailure([...all, saw('x', 'orchestrator', 'alive')], 60).verdict).not.toBe('failed');
      }),
    );
  });

  test('"failed" has witnesses of two kinds over the hold time', () => {
    fc.assert(
      fc.property(vantages, fc.integer({ min: 0, max: 120 }), (all, hold) => {
        fc.pre(judgeFailure(all, hold).verdict === 'failed');
        const kinds = new Set(all.filter((one) => one.verdict === 'failed' && one.heldSeconds >= hold).map((one) => one.kind));
        expect(kinds.size).toBeGreaterThanOrEqual(2);
      }),
    );
  });

  test('their order does not matter', () => {
    fc.assert(
      fc.property(vantages, (all) => {
        expect(judgeFailure([...all].reverse(), 60).verdict).toBe(judgeFailure(all, 60).verdict);
      }),
    );
  });

  test('a longer hold time never makes a site failed that was not', () => {
    fc.assert(
      fc.property(vantages, fc.integer({ min: 0, max: 60 }), (all, hold) => {
        if (judgeFailure(all, hold).verdict !== 'failed') expect(judgeFailure(all, hold + 30).verdict).not.toBe('failed');
      }),
    );
  });
});
