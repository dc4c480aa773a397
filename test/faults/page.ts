/** What came of each fault, as a page. */
import { markdownTable } from 'markdown-table';
import { faults } from '../../lab/faults/verbs.ts';
import { cells, inWords, type Results, tally } from '../stage/results.ts';
import type { ProcedureName } from '../../plan/catalogue/index.ts';
import { expectationOf, type FaultCase } from './case.ts';
import { faultCases, procedureOf } from './cases.ts';

const momentsOf = ({ when, back }: FaultCase) => `${when ? `, in ${when.step}` : ''}${back ? `, ${back.sites.join(', ')} back in ${back.when.step}` : ''}`;

export const nameOf = (one: FaultCase) =>
  `${one.subject} · ${one.fault} at ${one.at}${momentsOf(one)}${one.lost ? ', then the region is lost' : ''}${one.start?.change ? ', declared failed' : ''}`;

export function page(procedure: ProcedureName, results: Results): string {
  const cases = faultCases.filter((one) => procedureOf(one) === procedure);
  const about = new Map(faults.map((fault) => [fault.name, fault.about]));
  const rows = cases.map((one) => {
    const where = `${one.at}${momentsOf(one)}${one.start?.change ? ', declared failed' : ''}`;
    const fault = `\`${one.fault}\`: ${about.get(one.fault) ?? ''}`;
    return [one.subject, fault, where, one.lost ? 'yes' : 'no', expectationOf(one), ...cells(results.of(nameOf(one)))];
  });
  return [
    `# Faults in a ${inWords(procedure)}`,
    '',
    'What can go wrong beside the loss that the run is about, and what came of it. Each row is a whole run in the lab: health before, the fault, the run, the fault healed, health after;',
    "and five invariants: never two writers by the customers' ledger, nothing acknowledged lost beyond what the report states, nothing applied twice, an end or a question to people, a",
    'report that is complete and in order. What must come of a fault besides is judged clause by clause; in brackets stands why. `dr-lab faults` lists the faults,',
    '`dr-lab fault <name> <site>` injects one.',
    '',
    `Written by \`npm run test:faults -- --procedure ${procedure} --write <file>\`. A row again: \`npm run test:faults -- --procedure ${procedure} --only <fault>\`.`,
    '',
    tally(cases.map(nameOf), results),
    '',
    markdownTable([['subject', 'fault', 'site', 'sites lost too', 'must come of it', 'result', 'ended', 'seconds'], ...rows]),
    '',
  ].join('\n');
}
