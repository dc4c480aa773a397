/** Every fault of the lab against a failover, with what must come of it. Usage: npm run test:faults -- --help */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { repositoryRoot } from '../../lab/paths.ts';
import { labHandle, call } from '../../lab/cli/call.ts';
import { Stage } from '../sweep/stage.ts';
import { type FaultCase, faultCases } from './cases.ts';
import { exercise, type Exercised } from './exercise.ts';

interface Options {
  readonly only?: string;
  readonly stacks: string;
  readonly list?: boolean;
  readonly write?: string;
}

interface Row {
  readonly one: FaultCase;
  readonly result: Exercised;
}

const say = (text: string) => void process.stdout.write(`${text}\n`);
const nameOf = ({ fault, at, lost, subject }: FaultCase) => `${subject} · ${fault} at ${at}${lost ? ', then the region is lost' : ''}`;

const command = new Command('test:faults')
  .description('Injects each fault into a healthy lab, lets a failover run, heals, and judges.')
  .option('--only <text>', 'only faults whose line has this text')
  .option('--stacks <number>', 'so many labs side by side; each takes half a core', '1')
  .option('--list', 'only print them')
  .option('--write <file>', 'write the table as Markdown, such as docs/faults.md')
  .action(async (options: Options) => {
    process.exitCode = await runFaults(options);
  });

async function runFaults(options: Options): Promise<number> {
  const begun = performance.now();
  const cases = faultCases.filter((one) => nameOf(one).includes(options.only ?? ''));
  if (options.list) cases.forEach((one) => say(nameOf(one)));
  if (options.list) return 0;
  const stages: Stage[] = [];
  try {
    for (let at = 0; at < Number(options.stacks); at++) stages.push(await Stage.open(`faults-${at}`));
    const about = await abouts(stages[0] as Stage);
    const rows = await runAll(stages, cases);
    const failures = rows.filter(({ result }) => result.faults.length > 0);
    const seconds = (performance.now() - begun) / 1000;
    say(`${rows.length} faults, ${failures.length} without the expected end, in ${Math.round(seconds)} s.`);
    if (options.write) writeFileSync(join(repositoryRoot(), options.write), page(rows, about, seconds));
    return failures.length === 0 && rows.length > 0 ? 0 : 1;
  } finally {
    for (const stage of stages) await stage.close();
  }
}

async function abouts(stage: Stage): Promise<Map<string, string>> {
  const { faults } = await call<{ faults: { name: string; about: string }[] }>(labHandle(stage.scenarios.stack.options.lab), 'fault/list');
  return new Map(faults.map(({ name, about }) => [name, about]));
}

async function runAll(stages: readonly Stage[], cases: readonly FaultCase[]): Promise<Row[]> {
  const waiting = [...cases];
  process.once('SIGINT', () => {
    say('Ending after the faults under way.');
    waiting.length = 0;
  });
  const rows: Row[] = [];
  await Promise.all(
    stages.map(async (stage) => {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        const result = await exercise(stage, one);
        rows.push({ one, result });
        const faults = result.faults.map((fault) => `\n     ${fault}`).join('');
        say(
          `${rows.length}/${cases.length} ${faults === '' ? 'ok  ' : 'FAIL'} ${result.seconds.toFixed(0).padStart(3)} s  ${nameOf(one)} → ${result.ended}${faults}`,
        );
      }
    }),
  );
  return rows;
}

function page(rows: readonly Row[], about: ReadonlyMap<string, string>, seconds: number): string {
  const failed = rows.filter(({ result }) => result.faults.length > 0).length;
  const inOrder = faultCases.flatMap((one) => rows.filter((row) => row.one === one));
  return [
    '# Faults',
    '',
    'What can go wrong beside the loss of a region, and what came of it. Each row is a whole failover in the lab: health before, the fault, the run, the fault healed, health after;',
    "and five invariants: never two writers by the customers' ledger, nothing acknowledged lost beyond what the report states, nothing applied twice, an end or a question to people, a report that is",
    'complete and in order. `dr-lab faults` lists the faults, `dr-lab fault <name> <site>` injects one.',
    '',
    'Written by `npm run test:faults -- --write docs/faults.md`.',
    '',
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(seconds / 60)} minutes: **${rows.length} faults, ${failed} without the expected end**.`,
    '',
    '| subject | fault | site | region lost too | must come of it | ended | result | seconds |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...inOrder.map(
      ({ one, result }) =>
        `| ${one.subject} | \`${one.fault}\`: ${about.get(one.fault) ?? ''} | ${one.at} | ${one.lost ? 'yes' : 'no'} | ${one.expect} | ${result.ended} | ${result.faults.length === 0 ? 'ok' : `**${result.faults.join(' ').replaceAll('|', '/')}**`} | ${result.seconds.toFixed(0)} |`,
    ),
    '',
  ].join('\n');
}

await command.parseAsync();
