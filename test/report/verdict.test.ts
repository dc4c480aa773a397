/** Goal: what counts as good news is what a commander would call so. */
import { expect, test } from 'vitest';
import { cameToItsEnd, endedWell } from '../../report/verdict.ts';

test.each([
  ['a plain recovery', { mode: 'live', outcome: 'recovered', exceptions: [] }, true],
  ['a recovery with exceptions', { mode: 'live', outcome: 'recovered with exceptions', exceptions: ['x'] }, false],
  ['planned work that is done', { mode: 'live', outcome: 'done', exceptions: [] }, true],
  ['planned work that is done with exceptions', { mode: 'live', outcome: 'done with exceptions', exceptions: ['x'] }, false],
  ['a dry run that nothing would have stopped', { mode: 'dry-run', outcome: 'stood down', exceptions: [] }, true],
  ['a dry run at a step where a live run would stop and ask', { mode: 'dry-run', outcome: 'stood down', exceptions: ['A live run would stop'] }, false],
  ['a dry run that failed', { mode: 'dry-run', outcome: 'failed', exceptions: [] }, false],
] as const)('%s', (_what, report, well) => {
  expect(endedWell(report)).toBe(well);
});

test.each([
  ['recovered', true],
  ['recovered with exceptions', true],
  ['done', true],
  ['done with exceptions', true],
  ['stood down', false],
  ['aborted', false],
  ['failed', false],
] as const)('a run that %s came to its end: %s', (outcome, came) => {
  expect(cameToItsEnd(outcome)).toBe(came);
});
