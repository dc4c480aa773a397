/** Every fault of the lab against a failover, with what must come of it. Usage: npm run test:faults -- --help */
import { carryOut, chosen, list, longCommand, onStages, type Options, say, type Work } from '../stage/command.ts';
import { Results } from '../stage/results.ts';
import { type FaultCase, faultCases } from './cases.ts';
import { exercise } from './exercise.ts';
import { nameOf, page } from './page.ts';

const about = 'Injects each fault into a healthy lab, lets a failover run, heals, and judges.';
const command = longCommand('test:faults', about, 'faults', 'docs/faults.md').action(async (options: Options) => {
  process.exitCode = await runFaults(options);
});

async function runFaults(options: Options): Promise<number> {
  const results = new Results('faults');
  const work: Work<FaultCase> = { results, nameOf, one: exercise, page: () => page(results) };
  const cases = chosen(faultCases, work, options);
  if (options.list) {
    list(cases, work, options);
    return 0;
  }
  const { clean, text } = await onStages('faults', options, (stages) => carryOut(stages, cases, work, options));
  say(text);
  return clean ? 0 : 1;
}

await command.parseAsync();
