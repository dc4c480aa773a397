/** Goal: a run or a report of the release before is read in the words of this one. */
import { expect, test } from 'vitest';
import { inOurWords } from '../../client/older.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import type { Report } from '../../report/report.ts';
import { exampleReport } from '../report/example.ts';

test('a report that tells from and to is shown as one that tells places', () => {
  const { places, clock, ...rest } = exampleReport;
  const { kind: _kind, ...splitOnly } = clock!;
  const older = { ...rest, clock: splitOnly, from: places.source, to: places.target } as unknown as Report;
  expect(inOurWords(older)).toEqual(exampleReport);
  expect(renderMarkdown(inOurWords(older))).toBe(renderMarkdown(exampleReport));
});

test('a report without a clock has none, and one of this release stays as it is', () => {
  const { places, ...rest } = exampleReport;
  const older = { ...rest, clock: null, from: places.source, to: places.target } as unknown as Report;
  expect(inOurWords(older)).toEqual({ ...exampleReport, clock: null });
  expect(inOurWords(exampleReport)).toBe(exampleReport);
});
