/** Goal: what people read of long work is what its figures say, and nothing where they say nothing. Method: figures, no clock. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, progressOf, progressWords, recent, silenceWords, type Told } from '../../../plan/rules/progress.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 4, 4, 13, 37, 0) + seconds * 1000).toISOString();
const told = (...looks: readonly (readonly [seconds: number, bytesDone: number, bytesAll?: number])[]): Told[] =>
  looks.map(([seconds, bytesDone, bytesAll]) => ({ at: at(seconds), bytesDone, ...(bytesAll === undefined ? {} : { bytesAll }) }));

describe('the rate', () => {
  it('is that of the last minute, whatever went before', () => {
    expect(progressOf(told([0, 0], [100, 1_000_000], [130, 1_000_300], [160, 1_000_600]))?.bytesPerSecond).toBe(10);
  });
  it('is that since the look before where looks are further apart than a minute', () => {
    expect(progressOf(told([0, 0], [300, 600], [600, 3_600]))?.bytesPerSecond).toBe(10);
  });
  it('is told of no single look, of none at the same moment, and of no count that began anew', () => {
    for (const looks of [told([0, 5]), told([0, 5], [0, 9]), told([0, 5_000], [30, 10])]) expect(progressOf(looks)).not.toHaveProperty('bytesPerSecond');
    expect(progressOf([])).toBeUndefined();
  });
  it('is the same of what is kept of the looks as of all of them', () => {
    const looks = fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.nat(1_000_000)), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(looks, (steps) => {
        let seconds = 0;
        const all = steps.map(([later, bytes]) => told([(seconds += later), bytes])[0] as Told);
        let kept: readonly Told[] = [];
        for (const each of all) kept = recent([...kept, each]);
        expect(progressOf(kept)).toEqual(progressOf(all));
        expect(kept.length).toBeLessThanOrEqual(62);
      }),
    );
  });
});

describe('the expected end', () => {
  it('is as far off as the rest takes at that rate', () => {
    expect(progressOf(told([0, 0, 1_000], [50, 500, 1_000]))).toEqual({ bytesDone: 500, bytesAll: 1_000, bytesPerSecond: 10, endsAt: at(100) });
  });
  it('is not told while nothing moves, nor of an amount that nobody knows, nor of a month', () => {
    for (const looks of [told([0, 500, 1_000], [50, 500, 1_000]), told([0, 0], [50, 500]), told([0, 0, 0], [50, 500, 0]), told([0, 0, 1e15], [50, 1, 1e15])])
      expect(progressOf(looks)).not.toHaveProperty('endsAt');
  });
  it('is now where more was done than was said to be there', () => {
    expect(progressOf(told([0, 0, 100], [50, 500, 100]))?.endsAt).toBe(at(50));
  });
});

describe('the words', () => {
  it.each([
    [
      { bytesDone: 12_400_000_000, bytesAll: 80_000_000_000, bytesPerSecond: 210e6, endsAt: at(3305) },
      '12.4 GB of 80.0 GB (15 %), 210 MB/s, ends about 14:32:05Z',
    ],
    [{ bytesDone: 1, bytesAll: 4, bytesPerSecond: 1, endsAt: at(86_400) }, '1 B of 4 B (25 %), 1 B/s, ends about 2026-05-05 13:37:00Z'],
    [{ bytesDone: 5, bytesAll: 4, bytesPerSecond: 0 }, '5 B of 4 B (100 %), 0 B/s'],
    [{ bytesDone: 1_500 }, '1.5 kB'],
  ])('of %o are %s', (progress, words) => {
    expect(progressWords(progress, at(0))).toBe(words);
  });
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [999.6, '1.0 kB'],
    [1_000, '1.0 kB'],
    [99_950, '100.0 kB'],
    [999_999_999, '1.0 GB'],
    [5e18, '5000 PB'],
  ])('of %d bytes are %s', (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words);
  });
  it('tell a silence of more than a minute', () => {
    expect([undefined, 0, 60, 61, 3_900].map((age) => silenceWords(age))).toEqual(['', '', '', ', nothing new for 1 min 01 s', ', nothing new for 1 h 05 min']);
  });
});
