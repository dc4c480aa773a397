/** Every fault of the lab against a failover, with what must come of it. Usage: npm run test:faults -- --help */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { faults } from '../../lab/faults/verbs.ts';
import { repositoryRoot } from '../../lab/paths.ts';
import { cells, inParallel, Results, tally } from '../support/results.ts';
import { Stage } from '../sweep/stage.ts';
import { expectationOf, type FaultCase, faultCases } from './cases.ts';
import { exercise } from './exercise.ts';

interface Options {
  readonly only?: string;
  readonly stacks: string;
  readonly missing?: boolean;
  readonly list?: boolean;
  readonly write?: string;
}

const say = (text: string) => void process.stdout.write(`${text}\n`);
const nameOf = ({ fault, at, lost, start, subject }: FaultCase) =>
  `${subject} · ${fault} at ${at}${lost ? ', then the region is lost' : ''}${start ? ', declared failed' : ''}`;

const command = new Command('test:faults')
  .description('Injects each fault into a healthy lab, lets a failover run, heals, and judges.')
  .option('--only <text>', 'only faults whose line has this text')
  .option('--missing', 'only those without a clean result in .lab')
  .option('--stacks <number>', 'so many labs side by side; each takes half a core', '1')
  .option('--list', 'only print them, and write the table of what is kept')
  .option('--write <file>', 'write the table as Markdown, such as docs/faults.md')
  .action(async (options: Options) => {
    process.exitCode = await runFaults(options);
  });

async function runFaults(options: Options): Promise<number> {
  const results = new Results('faults');
  const cases = faultCases
    .filter((one) => nameOf(one).includes(options.only ?? ''))
    .filter((one) => !options.missing || results.of(nameOf(one))?.faults.length !== 0);
  const write = () => void (options.write && writeFileSync(resolve(repositoryRoot(), options.write), page(results)));
  if (options.list) {
    cases.forEach((one) => say(nameOf(one)));
    write();
    return 0;
  }
  const stages: Stage[] = [];
  try {
    for (let at = 0; at < Number(options.stacks); at++) stages.push(await Stage.open(`faults-${at}`));
    const { clean, text } = await inParallel(stages, cases, async (stage, one) => {
      const result = await exercise(stage, one);
      results.keep(nameOf(one), result);
      write();
      return { name: nameOf(one), result };
    });
    say(text);
    return clean ? 0 : 1;
  } finally {
    for (const stage of stages) await stage.close();
  }
}

function page(results: Results): string {
  const about = new Map(faults.map((fault) => [fault.name, fault.about]));
  const rows = faultCases.map((one) => {
    const where = `${one.at}${one.start ? ', declared failed' : ''}`;
    return `| ${one.subject} | \`${one.fault}\`: ${about.get(one.fault) ?? ''} | ${where} | ${one.lost ? 'yes' : 'no'} | ${expectationOf(one)} | ${cells(results.of(nameOf(one)))} |`;
  });
  return [
    '# Faults',
    '',
    'What can go wrong beside the loss of a region, and what came of it. Each row is a whole failover in the lab: health before, the fault, the run, the fault healed, health after;',
    "and five invariants: never two writers by the customers' ledger, nothing acknowledged lost beyond what the report states, nothing applied twice, an end or a question to people, a",
    'report that is complete and in order. What must come of a fault besides is judged clause by clause; in brackets stands why. `dr-lab faults` lists the faults,',
    '`dr-lab fault <name> <site>` injects one.',
    '',
    'Written by `npm run test:faults -- --write docs/faults.md`. A row again: `npm run test:faults -- --only <fault>`.',
    '',
    tally(faultCases.map(nameOf), results),
    '',
    '| subject | fault | site | region lost too | must come of it | result | ended | seconds |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

await command.parseAsync();
