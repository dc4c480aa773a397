/** The results of the sweep as a page. */
import { markdownTable } from 'markdown-table';
import { cells, inWords, type Results, tally } from '../stage/results.ts';
import { acts, meanings } from './acts.ts';
import { stepOf } from './plan.ts';
import { nameOf, type Trial } from './trial.ts';

/** Trials that were not run have a row only where they are few: what a sample left out is told in a sentence. */
export function page(procedure: string, all: readonly Trial[], results: Results): string {
  const fromBackups = all[0]?.setting.driven.fromBackups ?? false;
  const run = all.filter((trial) => results.of(nameOf(trial)));
  const trials = run.length * 2 < all.length ? run : all;
  return [
    `# The sweep of the ${inWords(procedure)}`,
    '',
    `At every step of the ${inWords(procedure)} the worst happens to those who carry it out. However it was disturbed, a run must end as an undisturbed one does: recovered, no`,
    `acknowledged write lost${fromBackups ? ' beyond what its report states' : ''}, one writer at a time by the customers' ledger, nothing applied twice (counted at agents, databases, Route 53, mailbox, monitoring and report store),`,
    "a complete report. A run that is cancelled before the point of no return leaves servers, capacity, DNS records (but the epoch's) and switches as they were, and no child that would fence a failed",
    'site; what it leaves at the target stands in its report with its bytes. One that is given up later is carried on by a new run.',
    '',
    `Written by \`npm run test:sweep -- --procedure ${procedure} --write <file>\`; each row is a whole run in the lab. A row again: \`npm run test:sweep -- --procedure ${procedure} --only "<step>" --acts <act>\`.`,
    '',
    tally(all.map(nameOf), results),
    ...(trials.length < all.length ? ['', sample(all, run)] : []),
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

/** Which steps and acts a part of the trials has met. */
function sample(all: readonly Trial[], run: readonly Trial[]): string {
  const steps = (trials: readonly Trial[]) => [...new Set(trials.map(stepOf))];
  const missed = steps(all).filter((step) => !steps(run).includes(step));
  const times = acts.map((act) => `${act} ${run.filter((trial) => trial.act === act).length} times`).join(', ');
  const met = `It is a sample, spread evenly over steps, then over acts: ${steps(run).length} of ${steps(all).length} steps, ${times}.`;
  return missed.length === 0 ? met : `${met} Not met: ${missed.join('; ')}.`;
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
