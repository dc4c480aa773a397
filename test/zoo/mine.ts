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

function table(): string {
  const names = (group: string, comes: Outcome) =>
    inhabitants
      .filter((one) => one.group === group && one.expected.comes === comes)
      .map(({ name }) => name)
      .join('; ');
  const rows = groups
    .filter((group) => inhabitants.some((one) => one.group === group))
    .map((group) => [group, names(group, 'works'), names(group, 'works with an exception'), names(group, 'refused')]);
  return markdownTable([
    ['', 'works, and an undo leaves all as it was', 'works, and says what is less', 'is refused before anything is changed, with what helps'],
    ...rows,
  ]);
}
