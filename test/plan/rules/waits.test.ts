/** Goal: nobody counts on time that a run may still need. Method: procedures of three steps, at each point of their way. */
import { expect, test } from 'vitest';
import { secondsAhead } from '../../../plan/rules/waits.ts';

const planned = [
  { id: 'promote', bound: 'PT1M' },
  { id: 'verify', bound: 'PT30S' },
  { id: 'route', bound: 'PT2M' },
  { id: 'watch', bound: 'PT10M' },
];
const now = '2026-02-02T14:00:20Z';
const begun = (id: string, result: string) => ({ id, result, startedAt: '2026-02-02T14:00:00Z' });

test.each([
  ['before any step the bounds of all up to the route', [], 210],
  ['a running step has used a part of its own', [begun('promote', 'running')], 190],
  ['a step that is done or left out needs nothing', [begun('promote', 'done'), begun('verify', 'skipped')], 120],
  ['a failed step is tried again', [begun('promote', 'done'), begun('verify', 'failed')], 150],
  ['the latest attempt counts', [begun('promote', 'failed'), begun('promote', 'done')], 150],
  ['after the route nothing', [begun('promote', 'done'), begun('verify', 'done'), begun('route', 'done')], 0],
])('%s', (_what, steps, left) => {
  expect(secondsAhead(planned, 'route', steps, now)).toBe(left);
});
