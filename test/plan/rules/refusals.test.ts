/** Goal: what rules a target out is told in sentences, and what stands in the way of all verbs alike is told once. */
import { expect, test } from 'vitest';
import { againstTarget } from '../../../plan/rules/refusals.ts';

const both = { database: true, cache: true };
const of = (...refused: readonly (readonly [string, string])[]) => ({
  site: 'west',
  refused: refused.map(([verb, reason]) => ({ verb, reason })),
  exceptions: [],
});

test('one reason of several verbs is one sentence, and each sentence has an end', () => {
  const full = 'the state folder at west is full';
  expect(againstTarget(of(['database-detach', full], ['cache-detach', full], ['cache-promote', 'it is loading.']), both)).toEqual([
    'Its agent would refuse database-detach, cache-detach: the state folder at west is full.',
    'Its agent would refuse cache-promote: it is loading.',
  ]);
});

test('what a recovery can do without rules nobody out, nor does what a promoted server is not asked for', () => {
  const refusals = of(['switch-throw', 'x'], ['database-follow', 'x'], ['cache-detach', 'x'], ['cache-promote', 'y']);
  expect(againstTarget(refusals, { database: true, cache: false })).toEqual(['Its agent would refuse cache-promote: y.']);
});
