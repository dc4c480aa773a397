/** Every shape of the zoo, with what must come of it. Usage: npm run test:zoo -- --help */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut, chosen, list, longCommand, type Options, say, wholeNumber, type Work } from '../stage/command.ts';
import { Results } from '../stage/results.ts';
import { type DrawOptions, drawsOf, runDraws } from './draws.ts';
import { withTable } from './own-estate-table.ts';
import { page } from './page.ts';
import { differs, possibleHere } from './shape.ts';
import { type Inhabitant, inhabitants, nameOf, Keeper } from './zoo.ts';

/** Has the zoo as one table. */
const guide = join(import.meta.dirname, '..', '..', 'docs', 'own-estate.md');

const about = 'Makes ordinary estates of many shapes, takes each through its passage, and judges what came.';
const command = longCommand('test:zoo', about, 'shapes', 'docs/zoo.md')
  .option('--draws <number>', 'so many random draws of shapes, customers, moments and fences instead', wholeNumber)
  .option('--seed <number>', 'the number from which the draws are made', wholeNumber, Math.floor(Date.now() / 1000))
  .option('--draw <number>', 'only this draw of the seed', wholeNumber)
  .action(async (options: Options & DrawOptions) => {
    const draws = drawsOf(options);
    process.exitCode = await withKeepers(options, (keepers) => (draws.length > 0 ? runDraws(keepers, draws) : runZoo(keepers, options)));
    if (draws.length > 0) say(`Seed ${options.seed}.`);
  });

/** Opens as many places as the command line asks for, and closes them whatever comes of it. */
async function withKeepers(
  options: Options,
  act: (keepers: readonly Keeper[]) => Promise<{ readonly clean: boolean; readonly text: string }>,
): Promise<number> {
  const keepers = Array.from({ length: options.stacks }, (_, number) => new Keeper(number));
  try {
    const { clean, text } = await act(keepers);
    say(text);
    return clean ? 0 : 1;
  } finally {
    for (const keeper of keepers) await keeper.close();
  }
}

async function runZoo(keepers: readonly Keeper[], options: Options) {
  const results = new Results('zoo');
  const work: Work<Inhabitant, Keeper> = { results, nameOf, one: pass, page: () => page(results) };
  if (options.write !== undefined) writeFileSync(guide, withTable(readFileSync(guide, 'utf8')));
  const shapes = chosen(inhabitants.filter(possibleHere), work, options);
  if (!options.list) return carryOut(keepers, shapes, work, options);
  list(shapes, work, options);
  return { clean: true, text: `${shapes.length} shapes.` };
}

async function pass(keeper: Keeper, inhabitant: Inhabitant) {
  const begun = performance.now();
  const ended = (words: string, faults: readonly string[]) => ({ ended: words, faults, seconds: (performance.now() - begun) / 1000 });
  try {
    const came = await inhabitant.pass(keeper);
    const difference = differs(inhabitant.expected, came);
    return ended([came.comes, ...came.said].join(': '), difference === undefined ? [] : [difference]);
  } catch (error) {
    return ended('the passage itself failed', [error instanceof Error ? error.message : String(error)]);
  }
}

await command.parseAsync();
