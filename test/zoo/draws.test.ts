/** Two draws of the adversary, one for each kind of fence; hundreds of them: `npm run test:zoo -- --draws 300 --seed 7`. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { TestEstate } from '../site-agent/estate.ts';
import { testNetwork } from '../site-agent/support.ts';
import { alsoRewrites, clash } from './clash.ts';
import { describeDraw, drawOf } from './draw.ts';
import { passDraw } from './draw-passage.ts';
import { openZoo } from './estate.ts';
import { estateShapes } from './estate-shapes.ts';

const seed = Number(process.env['DR_SEED'] ?? '20261128');
const draws = Array.from({ length: 2 }, (_, index) => drawOf(seed, index + 1));

describe('draws', () => {
  it('are made from the seed and the number alone', () => {
    expect(describeDraw(drawOf(7, 3))).toBe(describeDraw(drawOf(7, 3)));
    expect(new Set(Array.from({ length: 50 }, (_, number) => describeDraw(drawOf(7, number)))).size).toBe(50);
  });

  it('make no pair of shapes that cannot be one estate', () => {
    const pairs = Array.from({ length: 500 }, (_, number) => drawOf(7, number).shapes).filter(({ length }) => length === 2);
    expect(pairs.length).toBeGreaterThan(200);
    for (const [one, other] of pairs) expect(one && other && !clash(one, other), `${one?.name} + ${other?.name}`).toBe(true);
  });

  it('know of shapes that are there what they rewrite', () => {
    expect(Object.keys(alsoRewrites).filter((name) => !estateShapes.some((shape) => shape.name === name))).toEqual([]);
  });
});

describe('what is called proven holds', () => {
  let estate: TestEstate;
  beforeAll(async () => {
    estate = await openZoo(testNetwork());
  });
  afterAll(() => estate.stop());

  test.each(draws.map((draw) => [describeDraw(draw), draw] as const))('%s', async (_, draw) => {
    expect((await passDraw(estate, draw)).violations).toEqual([]);
  });
});
