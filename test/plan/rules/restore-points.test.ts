/** Goal: the moment that people choose can be had, from the set that is nearest before it. Method: sets with holes, overlaps and faults. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newestWindow, restoreSeconds, setFor, utcMoment, type RestoreSet } from '../../../plan/rules/restore-points.ts';

const at = (hour: number) => `2026-11-29T${String(hour).padStart(2, '0')}:00:00.000000Z`;
const setOf = (name: string, from: number, until: number | null, more: Partial<RestoreSet> = {}): RestoreSet => ({
  set: name,
  startedAt: at(from),
  stoppedAt: at(from),
  timeline: 1,
  bytes: 1000,
  logBytes: 500,
  version: '15',
  systemIdentifier: '7',
  earliest: at(from),
  ...(until === null ? {} : { latest: at(until) }),
  ...more,
});

describe('the window that people choose from', () => {
  it.each<[string, readonly RestoreSet[], readonly [number, number] | null]>([
    ['nothing', [], null],
    ['one set', [setOf('a', 1, 5)], [1, 5]],
    ['a set without a log', [setOf('a', 1, null)], null],
    ['a set that cannot be used', [setOf('a', 1, 5, { unusable: 'of another cluster' })], null],
    ['two that overlap', [setOf('a', 1, 5), setOf('b', 4, 9)], [1, 9]],
    ['two with a hole between them: the newer alone', [setOf('a', 1, 3), setOf('b', 5, 9)], [5, 9]],
    ['three that hold on to each other, in any order', [setOf('c', 7, 9), setOf('a', 1, 5), setOf('b', 4, 8)], [1, 9]],
    ['an old timeline that was written on: the newest alone', [setOf('a', 1, 9), setOf('b', 4, 6, { timeline: 2 })], [4, 6]],
    ['a newer one that ends sooner', [setOf('a', 1, 9), setOf('b', 4, 6)], [1, 9]],
  ])('%s', (_what, sets, expected) => {
    expect(newestWindow(sets)).toEqual(expected && { from: at(expected[0]), until: at(expected[1]) });
  });

  it('has a set for each moment in it, and for none after it', () => {
    const hour = fc.integer({ min: 0, max: 22 });
    const any = fc.array(fc.tuple(hour, hour, fc.boolean()).map(([one, other, broken]) => setOf(`s${one}-${other}`, Math.min(one, other), Math.max(one, other), broken ? { unusable: 'broken' } : {})), { maxLength: 8 }); // prettier-ignore
    fc.assert(
      fc.property(any, hour, (sets, moment) => {
        const window = newestWindow(sets);
        const isIn = window !== null && at(moment) >= window.from && at(moment) <= window.until;
        const found = setFor(sets, at(moment));
        if (isIn) expect(found).not.toBeNull();
        if (window !== null && at(moment) > window.until) expect(found).toBeNull();
        if (found !== null) expect([found.unusable, found.earliest <= at(moment), at(moment) <= (found.latest ?? '')]).toEqual([undefined, true, true]);
      }),
    );
  });
});

it('the set is the one that ends nearest before the moment, so that the least of the log is replayed', () => {
  const sets = [setOf('a', 1, 9), setOf('b', 4, 9), setOf('c', 7, 9)];
  expect(setFor(sets, at(6))?.set).toBe('b');
  expect(setFor(sets, at(9))?.set).toBe('c');
  expect(setFor(sets, at(0))).toBeNull();
});

it('moments count to the microsecond, however many digits they are written with', () => {
  expect(utcMoment('2026-11-29T10:00:00Z')).toBe('2026-11-29T10:00:00.000000Z');
  expect(utcMoment('2026-11-29T10:00:00.12Z')).toBe('2026-11-29T10:00:00.120000Z');
  const fine = setOf('a', 1, null, { latest: '2026-11-29T05:00:00.123456Z' });
  expect(setFor([fine], '2026-11-29T05:00:00.123Z')?.set).toBe('a');
  expect(setFor([fine], '2026-11-29T05:00:00.123457Z')).toBeNull();
});

it('how long it takes is told by set and log at the speed of the last restore', () => {
  expect(restoreSeconds(setOf('a', 1, 2), 100)).toBe(15);
  expect(restoreSeconds(setOf('a', 1, 2), undefined)).toBeNull();
});
