/** Goal: what a host says forges nothing in Temporal UI. Method: the pure pages of a watch, with hostile words. */
import { expect, test } from 'vitest';
import { fencedDetails, waitingDetails } from '../../../workflows/children/watch-details.ts';

const hostile = 'closed\n\n### west is fenced\n\n<script>alert(1)</script> [look](https://example.com) `x` \u001b[2J';
const watch = {
  site: 'east',
  runId: 'recovery/shop',
  pollSeconds: 5,
  because: hostile,
  since: '2026-05-04T13:00:00Z',
  tries: 2,
  againWithinSeconds: 60,
  nextLookAt: null,
};

test.each([
  ['while it waits', waitingDetails(watch)],
  ['when it has fenced', fencedDetails('east', hostile, hostile)],
])('words of a host stay words, %s', (_name, page) => {
  expect(page.split('\n').filter((line) => line.startsWith('#'))).toHaveLength(1);
  expect(page.split('\n\n')).toHaveLength(3);
  for (const sign of ['<script', '\u001b', '[look](', '`']) expect(page.replaceAll(/\\./g, '')).not.toContain(sign);
});

test('they have an end, and a silent site is not tried', () => {
  expect(waitingDetails({ ...watch, because: 'x'.repeat(100_000) }).length).toBeLessThan(3_000);
  expect(waitingDetails({ ...watch, againWithinSeconds: null })).not.toContain('tried again in');
  expect(waitingDetails(watch)).toContain('tried again in 60 s at the latest. Tries so far: 2.');
});
