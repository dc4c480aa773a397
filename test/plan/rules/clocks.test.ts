/** Goal: a clock that is off is told, by whom and by how much, and one that may be right is not. */
import { expect, test } from 'vitest';
import { aheadBy, wrongClocks, wrongPrimaryClock } from '../../../plan/rules/clocks.ts';

test.each([
  ['between question and answer', 1_500, 0],
  ['before the question', 400, -0.6],
  ['after the answer', 3_000, 1],
])('a time that was told %s', (_name, told, ahead) => {
  expect(aheadBy(told, 1_000, 2_000)).toBe(ahead);
});

test('each clock beyond the bound is named once, the worker first', () => {
  const readings = [
    { site: 'east', clocks: { siteAheadSeconds: 2, workerAheadSeconds: -600 } },
    { site: 'west', clocks: { siteAheadSeconds: -2.1, workerAheadSeconds: -600 } },
    { site: 'north' },
    { site: 'south', clocks: { siteAheadSeconds: 86_400, workerAheadSeconds: null } },
  ];
  expect(wrongClocks(readings, 2)).toEqual([
    "The clock of a worker is 10 min 00 s behind the Temporal server's: times that it tells are off by as much. Keep it by NTP. Times here are the server's.",
    "The clock of west is 2.1 s behind the Temporal server's: times that it tells are off by as much. Keep it by NTP.",
    "The clock of south is 24 h 00 min ahead of the Temporal server's: times that it tells are off by as much. Keep it by NTP.",
  ]);
  expect(wrongClocks(readings.slice(2, 3), 2)).toEqual([]);
});

test('a database is named beside its host where it has another clock', () => {
  const clocks = (siteAheadSeconds: number, databaseAheadSeconds: number) => ({ siteAheadSeconds, databaseAheadSeconds, workerAheadSeconds: null });
  const told = (one: ReturnType<typeof clocks>) =>
    wrongClocks([{ site: 'east', clocks: one }], 2).map((sentence) => sentence.slice(0, sentence.indexOf(' the Temporal')));
  expect(told(clocks(0, 1))).toEqual([]);
  expect(told(clocks(0, -600))).toEqual(['The clock of the database at east is 10 min 00 s behind']);
  expect(told(clocks(600, 600.4))).toEqual(['The clock of east is 10 min 00 s ahead of']);
  expect(told(clocks(600, 0))).toEqual(['The clock of east is 10 min 00 s ahead of']);
  expect(told(clocks(600, -600))).toEqual(['The clock of east is 10 min 00 s ahead of', 'The clock of the database at east is 10 min 00 s behind']);
});

test('a primary that nobody can ask any more is named by what its standbys saw', () => {
  expect(wrongPrimaryClock('east', [], 2)).toEqual([]);
  expect(wrongPrimaryClock('east', [1, -2], 2)).toEqual([]);
  expect(wrongPrimaryClock('east', [599, 600], 2)).toEqual([
    expect.stringMatching(/^The clock of the database at east was 10 min 00 s ahead of .* as its standbys saw them come\.$/),
  ]);
});
