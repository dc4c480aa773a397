/** Each shape of the zoo on real servers: it works and leaves nothing behind, is refused before anything is changed, or says what is less. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestEstate } from '../site-agent/estate.ts';
import { testNetwork } from '../site-agent/support.ts';
import { openZoo } from './estate.ts';
import { passEstate } from './estate-passage.ts';
import { estateShapes } from './estate-shapes.ts';
import { differs, possibleHere } from './shape.ts';

let estate: TestEstate;

beforeAll(async () => {
  estate = await openZoo(testNetwork());
});
afterAll(() => estate.stop());

describe('an estate of the shape', () => {
  test.each(estateShapes.filter(possibleHere).map((shape) => [shape.name, shape] as const))('%s', async (_, shape) => {
    await estate.thaw();
    await shape.setUp(estate);
    expect(differs(shape.expected, await passEstate(estate))).toBeUndefined();
  });
});
