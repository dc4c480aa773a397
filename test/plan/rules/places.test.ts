/** Goal: the sites of a run are named as people say them. Method: places of an outage, of several failed sites, and of work at one site. */
import { expect, it } from 'vitest';
import { fromTo, wayOf } from '../../../plan/rules/places.ts';

it.each([
  [{ failed: ['a'], source: 'a', target: 'b' }, 'from a to b', 'a → b'],
  [{ failed: ['a', 'c'], source: 'a', target: 'b' }, 'from a to b', 'a, c → b'],
  [{ failed: [], source: 'b', target: 'b' }, 'at b', 'b'],
])('%j', (places, sentence, heading) => {
  expect(fromTo(places)).toBe(sentence);
  expect(wayOf(places)).toBe(heading);
});
