/** The results of a sweep, for a terminal and as a page. */
import { cpus } from 'node:os';
import { acts, meanings } from './acts.ts';
import { nameOf, type Result, type Trial } from './trial.ts';

export interface Row {
  readonly trial: Trial;
  readonly result: Result;
}

export interface Circumstances {
  readonly seed: number;
  readonly stacks: number;
  /** Trials that this sweep was asked for. */
  readonly of: number;
  readonly seconds: number;
}

export function line({ trial, result }: Row): string {
  const faults = result.faults.map((fault) => `\n     ${fault}`).join('');
  return `${result.faults.length === 0 ? 'ok  ' : 'FAIL'} ${result.seconds.toFixed(0).padStart(3)} s  ${nameOf(trial)} → ${result.ended}${faults}`;
}

/** Markdown, in the order of the acts. */
export function page(rows: readonly Row[], { seed, stacks, of, seconds }: Circumstances): string {
  const failed = rows.filter(({ result }) => result.faults.length > 0);
  const median = (values: readonly number[]) => values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
  return [
    '# The sweep',
    '',
    'At every step of the regional failover the worst happens to those who carry it out. However it was disturbed, a run must end as an undisturbed one does: recovered, no',
    "acknowledged write lost, one writer at a time by the customers' ledger, nothing applied twice (counted at agents, databases, Route 53, mailbox, monitoring and report store),",
    'a complete report. A run that is cancelled before the point of no return leaves everything as it was; one that is given up later is carried on by a new run.',
    '',
    'Written by `npm run test:sweep -- --write docs/sweep.md`; each row is a whole failover in the lab.',
    '',
    `${new Date().toISOString().slice(0, 10)}, seed ${seed}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${stacks} stacks side by side, ${Math.round(seconds / 60)} minutes: **${rows.length} of ${of} trials run, ${failed.length} failed**; median of a trial ${Math.round(median(rows.map(({ result }) => result.seconds)))} s.`,
    ...acts.flatMap((act) => section(act, rows.filter(({ trial }) => trial.act === act))), // prettier-ignore
    '',
  ].join('\n');
}

function section(act: Trial['act'], rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const body = rows
    .toSorted((left, right) => nameOf(left.trial).localeCompare(nameOf(right.trial)))
    .map(({ trial: { at, setting }, result }) => {
      const place = at === 'gate' ? 'activation gate | | first question open' : `${at.step} | \`${at.activity}\` | ${at.moment.replace('-', ' ')}`;
      return `| ${place} | ${setting.name} | ${result.faults.length === 0 ? 'ok' : `**${result.faults.join(' ').replaceAll('|', '/')}**`} | ${result.ended} | ${result.seconds.toFixed(0)} |`;
    });
  return [
    '',
    `## ${act}: ${meanings[act]}`,
    '',
    '| step | activity | moment | region | result | ended | seconds |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...body,
  ];
}
