/** Every fault of the lab against a procedure, with what must come of it. Usage: npm run test:faults -- --help */
import { carryOut, chosen, list, longCommand, onStages, type Options, say, type Work } from '../stage/command.ts';
import { Results } from '../stage/results.ts';
import type { ProcedureName } from '../../plan/catalogue/index.ts';
import type { FaultCase } from './case.ts';
import { faultCases, procedureOf } from './cases.ts';
import { exercise } from './exercise.ts';
import { nameOf, page } from './page.ts';

const about = 'Injects each fault into a healthy lab, lets a run go through it, heals, and judges.';
interface FaultOptions extends Options {
  readonly procedure: ProcedureName;
}

const command = longCommand('test:faults', about, 'faults', 'docs/faults.md')
  .option('--procedure <name>', 'which one', procedureOf(faultCases[0] as FaultCase))
  .action(async (options: FaultOptions) => {
    process.exitCode = await runFaults(options);
  });

async function runFaults(options: FaultOptions): Promise<number> {
  const results = new Results('faults');
  const work: Work<FaultCase> = { results, nameOf, one: exercise, page: () => page(options.procedure, results) };
  const cases = chosen(
    faultCases.filter((one) => procedureOf(one) === options.procedure),
    work,
    options,
  );
  if (options.list) {
    list(cases, work, options);
    return 0;
  }
  const { clean, text } = await onStages('faults', options, (stages) => carryOut(stages, cases, work, options));
  say(text);
  return clean ? 0 : 1;
}

await command.parseAsync();
