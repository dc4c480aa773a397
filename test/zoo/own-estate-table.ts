/** "Will it work with mine?": the zoo in one table, for the guide to one's own estate. */
import { markdownTable } from 'markdown-table';
import { groups, type Outcome } from './shape.ts';
import { inhabitants } from './zoo.ts';

const [begin, end] = ['<!-- made from the zoo: npm run test:zoo -- --list --write docs/zoo.md -->', '<!-- end of the zoo -->'];

/** The guide with its table as the zoo makes it. Throws when the guide has no place for it. */
export function withTable(guide: string): string {
  const [before, rest] = guide.split(`${begin}\n`);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`The guide has no place for the table of the zoo: a line "${begin}" and one "${end}". Nothing was written.`);
  return `${before}${begin}\n\n${table()}\n\n${end}${after}`;
}

/** One line for each shape: who looks for his own finds it by its words. What came is on the page of the zoo, which a test holds to what must come. */
function table(): string {
  const rows = groups.flatMap((group) =>
    inhabitants.filter((one) => one.group === group).map(({ name, like, expected }) => [group, name, like, words[expected.comes]]),
  );
  return markdownTable([['', 'what is yours', 'that is', 'what comes of it'], ...rows]);
}

const words: Readonly<Record<Outcome, string>> = {
  works: 'works',
  'works with an exception': 'works, and says what is less',
  refused: '**refused**, with what helps',
};
