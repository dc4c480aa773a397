/** The draws of a night: `npm run test:zoo -- --draws 300 --seed 7`, one of them again with `--draw K`. */
import { inParallel, type Result, Results } from '../stage/results.ts';
import { describeDraw, type Draw, drawOf } from './draw.ts';
import { passDraw } from './draw-passage.ts';
import type { Keeper } from './zoo.ts';

export interface DrawOptions {
  readonly draws?: number;
  readonly seed: number;
  readonly draw?: number;
}

/** What the page tells of them. */
export const drawResults = new Results('draws');

export function drawsOf({ draws = 0, seed, draw }: DrawOptions): readonly Draw[] {
  return draw === undefined ? Array.from({ length: draws }, (_, index) => drawOf(seed, index + 1)) : [drawOf(seed, draw)];
}

/** Runs the draws side by side, as many as there are keepers; a violation prints how to repeat it alone. */
export async function runDraws(keepers: readonly Keeper[], draws: readonly Draw[]): Promise<{ readonly clean: boolean; readonly text: string }> {
  return inParallel(keepers, draws, async (keeper, draw) => {
    const name = describeDraw(draw);
    const result = await one(keeper, draw);
    drawResults.keep(`seed ${draw.seed}, draw ${draw.number}`, result, draw.seed);
    return { name, result };
  });
}

async function one(keeper: Keeper, draw: Draw): Promise<Result> {
  const begun = performance.now();
  const ended = (words: string, violations: readonly string[]) => ({
    ended: words,
    faults: violations.map((violation) => `${violation} (again: npm run test:zoo -- --seed ${draw.seed} --draw ${draw.number})`),
    seconds: (performance.now() - begun) / 1000,
  });
  try {
    const { said, violations } = await passDraw(await keeper.estate(), draw);
    return ended(said, violations);
  } catch (error) {
    return ended('the passage itself failed', [error instanceof Error ? error.message : String(error)]);
  }
}
