/** The results of the sweep as a page. */
import { markdownTable } from 'markdown-table';
import { cells, type Results, tally } from '../stage/results.ts';
import { acts, meanings } from './acts.ts';
import { nameOf, type Trial } from './trial.ts';

export function page(trials: readonly Trial[], results: Results): string {
  return [
    '# The sweep',
    '',
    'At every step of the regional failover the worst happens to those who carry it out. However it was disturbed, a run must end as an undisturbed one does: recovered, no',
    "acknowledged write lost, one writer at a time by the customers' ledger, nothing applied twice (counted at agents, databases, Route 53, mailbox, monitoring and report store),",
    "a complete report. A run that is cancelled before the point of no return leaves servers, capacity, DNS records (but the epoch's) and switches as they were, and no child that would fence the old",
    'site; one that is given up later is carried on by a new run.',
    '',
    'Written by `npm run test:sweep -- --write docs/sweep.md`; each row is a whole failover in the lab. A row again: `npm run test:sweep -- --only "<step>" --acts <act>`.',
    '',
    tally(trials.map(nameOf), results),
    ...acts.flatMap((act) =>
      section(
        act,
        trials.filter((trial) => trial.act === act),
        results,
      ),
    ),
    '',
  ].join('\n');
}

function section(act: Trial['act'], trials: readonly Trial[], results: Results): string[] {
  if (trials.length === 0) return [];
  const rows = trials
    .toSorted((left, right) => nameOf(left).localeCompare(nameOf(right)))
    .map((trial) => {
      const { at, setting } = trial;
      const place = at === 'gate' ? ['activation gate', '', 'first question open'] : [at.step, `\`${at.activity}\``, at.moment.replace('-', ' ')];
      return [...place, setting.name, ...cells(results.of(nameOf(trial)))];
    });
  return ['', `## ${act}: ${meanings[act]}`, '', markdownTable([['step', 'activity', 'moment', 'region', 'result', 'ended', 'seconds'], ...rows])];
}
