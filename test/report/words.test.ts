/** Goal: nobody is told of a missed objective or an unknown loss where none could come of the run. Method: one report of each kind of ending. */
import { expect, test } from 'vitest';
import type { Report } from '../../report/report.ts';
import { decided, movedNothing, notMeasured } from '../../report/words.ts';
import { exampleReport, stoodDownReport } from './example.ts';

const fencing: Report['steps'] = exampleReport.steps.map((step) => ({ ...step, phase: 'fencing' }));
const notTakenBack: Report['steps'] = fencing.slice(0, 1).map((step) => ({ ...step, phase: 'undoing', result: 'failed' }));
const before: Report['steps'] = exampleReport.steps.slice(0, 1);

test.each<readonly [string, Partial<Report>, string | null, boolean]>([
  ['a recovery', {}, null, false],
  ['a run that goes on', { open: true }, 'the run goes on', false],
  ['a dry run', { mode: 'dry-run', outcome: 'stood down' }, 'a dry run moves nothing', true],
  ['a recovery without a failure on record', { clock: null }, 'no failure is on record', false],
  ['a run that found the site alive', stoodDownReport, 'nothing was moved', true],
  ['a run that was cancelled at the activation gate', { outcome: 'aborted', pointOfNoReturnAt: null, steps: before }, 'nothing was moved', true],
  ['a run that people took back after the fence', { outcome: 'aborted', pointOfNoReturnAt: null, steps: fencing }, null, false],
  [
    'a run that stood down at a gate after the fence, and took it back',
    { outcome: 'stood down', pointOfNoReturnAt: null, steps: fencing },
    'nothing was moved',
    true,
  ],
  [
    'a run that stood down after the fence, which was not taken back',
    { outcome: 'stood down', pointOfNoReturnAt: null, steps: [...fencing, ...notTakenBack] },
    null,
    false,
  ],
  ['a run that stood down past its point of no return', { outcome: 'stood down', steps: fencing }, null, false],
])('%s', (_what, change, why, nothing) => {
  const report = { ...exampleReport, ...change };
  expect(notMeasured(report)).toBe(why);
  expect(movedNothing(report)).toBe(nothing);
});

test.each([
  ['a word', {}, 'approve, after 40 s'],
  ['a figure', { decision: 'accept', answer: { value: 42, unit: 's' } }, 'accept 42 s, after 40 s'],
  ['an entry', { decision: 'restore', answer: { value: 'base-2' } }, 'restore base-2, after 40 s'],
])('a decision by %s is told with what was typed', (_what, change, words) => {
  expect(decided({ ...exampleReport.gates[0]!, ...change })).toBe(words);
});
