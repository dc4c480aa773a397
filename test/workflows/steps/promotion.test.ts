/**
 * Goal: what a step past the point of no return found is told: of the contents of caches no more than how it was had, and all that is left for people. Method: the sentence of
 * each form of the evidence; a change that leaves something.
 */
import { expect, test } from 'vitest';
import type { Comparison } from '../../../activities/cache/port.ts';
import type { Course } from '../../../workflows/engine/course.ts';
import { promoteCache } from '../../../workflows/steps/promotion.ts';
import { RunRecord } from '../../../workflows/engine/record.ts';
import { keepShortfalls } from '../../../workflows/engine/shortfalls.ts';
import { loadPlan } from '../../../plan/load.ts';

const change = { before: 'replica', after: 'primary', changed: true, source: 'site-agent west', at: '2026-05-04T13:37:00Z' };
const counted = [
  { site: 'west', all: 12, lasting: 2 },
  { site: 'north', all: 12, lasting: 2 },
];

async function said(comparison: Comparison): Promise<string> {
  const { plan } = await loadPlan('plan/erlmcp');
  const step = promoteCache({ plan, places: { failed: ['us-east-1'], source: 'us-east-1', target: 'west' } } as unknown as Course);
  if (!('found' in step)) throw new Error('the step is left out');
  return step.found({ ...change, comparison });
}

test.each<[Comparison, string]>([
  [
    { by: 'numbers of keys', equal: true, keys: counted },
    'primary; numbers of keys are equal: 12 at west (2 that never expire), 12 at north (2 that never expire); values were not compared',
  ],
  [
    { by: 'numbers of keys', equal: false, keys: [{ site: 'west', all: 12, lasting: 2 }, { site: 'north', all: 11, lasting: 2 }] }, // prettier-ignore
    'primary; numbers of keys differ: 12 at west (2 that never expire), 11 at north (2 that never expire); values were not compared',
  ],
  [{ by: 'nothing', why: 'no replica follows' }, 'primary; its content was not compared: no replica follows'],
])('a comparison $by says so', async (comparison, sentence) => {
  expect(await said(comparison)).toBe(sentence);
});

test('what a step leaves for people is kept once, also when it is tried again, and of several servers each', () => {
  const kept = new RunRecord(() => '2026-02-02T10:00:00.000Z', () => undefined); // prettier-ignore
  const slot = { ...change, remaining: ['The slot old_slot is used no more.'], exceptions: ['It streams without TLS.'] };
  for (const _again of [1, 2]) keepShortfalls(kept, [slot, { ...change, remaining: ['Start Redis.'] }]);
  expect(kept.leftovers).toEqual(['The slot old_slot is used no more.', 'Start Redis.']);
  expect(keepShortfalls(kept, slot)).toEqual(['It streams without TLS.']);
  expect(keepShortfalls(kept, 'a sentence')).toEqual([]);
});
