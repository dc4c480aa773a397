/** A watch: rounds at an interval over the hold time, and what they amount to. */
import { keepAlive, pause } from '../running.ts';
import type { Observation, Vantage, VantageKind } from './port.ts';

/** What one round saw. */
export interface Round {
  /** Send time of the round. */
  readonly sentAt: Date;
  readonly verdict: Vantage['verdict'];
  readonly observations: readonly Observation[];
  /** Start of the unbroken row of failures on the observer's own record; RFC 3339. */
  readonly failingSince?: string;
  readonly detail: string;
}

export interface Watch {
  readonly kind: VantageKind;
  readonly observer: string;
  readonly holdSeconds: number;
  readonly intervalMilliseconds: number;
  look(): Promise<Round>;
}

/** Looks until the hold time is over; a healthy round ends the watch at once. */
export function watch(input: Watch): Promise<Vantage> {
  return keepAlive(`${input.observer} watches`, () => lookRepeatedly(input));
}

async function lookRepeatedly({ kind, observer, holdSeconds, intervalMilliseconds, look }: Watch): Promise<Vantage> {
  const start = performance.now();
  const end = start + holdSeconds * 1000;
  const rounds: Round[] = [];
  /** Where the unbroken row of failed rounds began. */
  let rowStart: { readonly at: number; readonly sentAt: Date } | undefined;
  for (let next = start; ; next = Math.min(next + intervalMilliseconds, end)) {
    while (performance.now() < next) await pause(Math.ceil(next - performance.now()));
    const at = performance.now();
    const round = await look();
    rounds.push(round);
    if (round.verdict !== 'failed') rowStart = undefined;
    else rowStart ??= { at, sentAt: round.sentAt };
    if (round.verdict === 'alive' || at >= end) return sum({ kind, observer, rounds, rowStart, watchedSeconds: (at - start) / 1000, lastAt: at });
  }
}

interface Sum {
  readonly kind: VantageKind;
  readonly observer: string;
  readonly rounds: readonly Round[];
  readonly rowStart: { readonly at: number; readonly sentAt: Date } | undefined;
  readonly watchedSeconds: number;
  readonly lastAt: number;
}

function sum({ kind, observer, rounds, rowStart, watchedSeconds, lastAt }: Sum): Vantage {
  const last = rounds.at(-1);
  if (!last) throw new Error('a watch has at least one round');
  const verdict = verdictOf(rounds, last);
  const base = { kind, observer, verdict, observations: last.observations, rounds: rounds.length, detail: last.detail };
  if (verdict !== 'failed' || !rowStart) return { ...base, heldSeconds: watchedSeconds };
  const recorded = last.failingSince !== undefined && Date.parse(last.failingSince) < rowStart.sentAt.getTime() ? last.failingSince : undefined;
  // The observer's own record of the row may be longer than this watch; both times in it are by the observer's clock.
  const heldOnRecord = recorded === undefined ? 0 : (last.sentAt.getTime() - Date.parse(recorded)) / 1000;
  return { ...base, failingSince: recorded ?? rowStart.sentAt.toISOString(), heldSeconds: Math.max((lastAt - rowStart.at) / 1000, heldOnRecord) };
}

/** Failed only when nothing else was seen; what a blind round missed counts for nobody. */
function verdictOf(rounds: readonly Round[], last: Round): Vantage['verdict'] {
  if (last.verdict === 'alive' || last.verdict === 'blind') return last.verdict;
  return rounds.some((round) => round.verdict === 'impaired') ? 'impaired' : last.verdict;
}

/** A round by its checks: failed when service and database gave no answer, alive when everything that was asked did. Links that replicate only bear witness to life. */
export function judgeRound(observations: readonly Observation[]): Vantage['verdict'] {
  const ok = (check: Observation['check']): boolean => observations.some((observation) => observation.check === check && observation.ok);
  const asked = observations.filter(({ check }) => check !== 'replication' && check !== 'cache-link');
  if (asked.length > 0 && asked.every((observation) => observation.ok)) return 'alive';
  return ok('service') || ok('database') || ok('replication') ? 'impaired' : 'failed';
}

/** One line for people: what answers and what does not. */
export function describeRound(observations: readonly Observation[]): string {
  return observations.map(({ check, ok, detail }) => `${check} ${ok ? 'ok' : `no (${detail})`}`).join(', ');
}
