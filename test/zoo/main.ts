/** Every shape of the zoo, with what must come of it. Usage: npm run test:zoo -- --help */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut, chosen, list, longCommand, type Options, say, type Work } from '../stage/command.ts';
import { Results } from '../stage/results.ts';
import { withTable } from './mine.ts';
import { page } from './page.ts';
import { differs, possibleHere } from './shape.ts';
import { type Inhabitant, inhabitants, nameOf, Keeper } from './zoo.ts';

/** Has the zoo as one table. */
const guide = join(import.meta.dirname, '..', '..', 'docs', 'own-estate.md');

const about = 'Makes ordinary estates of many shapes, takes each through its passage, and judges what came.';
const command = longCommand('test:zoo', about, 'shapes', 'docs/zoo.md').action(async (options: Options) => {
  process.exitCode = await runZoo(options);
});

async function runZoo(options: Options): Promise<number> {
  const results = new Results('zoo');
  if (options.write !== undefined) writeFileSync(guide, withTable(readFileSync(guide, 'utf8')));
  const work: Work<Inhabitant, Keeper> = { results, nameOf, one: pass, page: () => page(results) };
  const shapes = chosen(inhabitants.filter(possibleHere), work, options);
  if (options.list) {
    list(shapes, work, options);
    return 0;
  }
  const keepers = Array.from({ length: options.stacks }, (_, number) => new Keeper(number));
  try {
    const { clean, text } = await carryOut(keepers, shapes, work, options);
    say(text);
    return clean ? 0 : 1;
  } finally {
    for (const keeper of keepers) await keeper.close();
  }
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
