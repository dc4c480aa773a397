/** What came of each fault, as a page. */
import { markdownTable } from 'markdown-table';
import { faults } from '../../lab/faults/verbs.ts';
import { cells, type Results, tally } from '../stage/results.ts';
import { expectationOf, type FaultCase, faultCases } from './cases.ts';

export const nameOf = ({ fault, at, lost, start, subject }: FaultCase) =>
  `${subject} · ${fault} at ${at}${lost ? ', then the region is lost' : ''}${start?.change ? ', declared failed' : ''}`;

export function page(results: Results): string {
  const about = new Map(faults.map((fault) => [fault.name, fault.about]));
  const rows = faultCases.map((one) => {
    const where = `${one.at}${one.start?.change ? ', declared failed' : ''}`;
    const fault = `\`${one.fault}\`: ${about.get(one.fault) ?? ''}`;
    return [one.subject, fault, where, one.lost ? 'yes' : 'no', expectationOf(one), ...cells(results.of(nameOf(one)))];
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
    markdownTable([['subject', 'fault', 'site', 'region lost too', 'must come of it', 'result', 'ended', 'seconds'], ...rows]),
    '',
  ].join('\n');
}
