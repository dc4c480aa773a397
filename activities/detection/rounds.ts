/** A watch: rounds at an interval over the hold time, and what they amount to. */
import { pause } from '../waiting.ts';
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
  /** How much longer the watch may last, so that a row of failures that began late can reach the hold time. */
  readonly graceMilliseconds: number;
  look(): Promise<Round>;
}

/** Looks until failure has lasted for the hold time, or that time and the grace are over; a healthy round ends the watch at once. */
export async function watch({ kind, observer, holdSeconds, intervalMilliseconds, graceMilliseconds, look }: Watch): Promise<Vantage> {
  const start = performance.now();
  const hold = holdSeconds * 1000;
  let rounds = 0;
  /** Where the unbroken row of failed rounds began. */
  let row: RowStart | undefined;
  for (let next = start; ;) {
    while (performance.now() < next) await pause(Math.ceil(next - performance.now()));
    const at = performance.now();
    const round = await look();
    rounds += 1;
    if (round.verdict !== 'failed') row = undefined;
    else row ??= { at, sentAt: round.sentAt };
    const end = Math.min((row?.at ?? start) + hold, start + hold + graceMilliseconds);
    if (round.verdict === 'alive' || at >= end) return sum({ kind, observer, last: round, rounds, row, watchedSeconds: toSeconds(at - start), lastAt: at });
    next = Math.min(next + intervalMilliseconds, end);
  }
}

interface RowStart {
  /** By the monotonic clock of this process, in milliseconds. */
  readonly at: number;
  readonly sentAt: Date;
}

interface Sum {
  readonly kind: VantageKind;
  readonly observer: string;
  readonly last: Round;
  readonly rounds: number;
  readonly row: RowStart | undefined;
  readonly watchedSeconds: number;
  readonly lastAt: number;
}

/** The last round decides; how long failure had lasted by then is counted from the start of its unbroken row. */
function sum({ kind, observer, last, rounds, row, watchedSeconds, lastAt }: Sum): Vantage {
  const base = { kind, observer, verdict: last.verdict, observations: last.observations, rounds, detail: last.detail };
  if (!row) return { ...base, heldSeconds: watchedSeconds };
  const recorded = last.failingSince !== undefined && Date.parse(last.failingSince) < row.sentAt.getTime() ? last.failingSince : undefined;
  // The observer's own record of the row may be longer than this watch; both times in it are by the observer's clock.
  const heldOnRecord = recorded === undefined ? 0 : (last.sentAt.getTime() - Date.parse(recorded)) / 1000;
  return { ...base, failingSince: recorded ?? row.sentAt.toISOString(), heldSeconds: Math.max(toSeconds(lastAt - row.at), heldOnRecord) };
}

/** Whole milliseconds, so that a time that was reached is not missed by a rounding error. */
function toSeconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}

/** A round by its checks: failed when service and database gave no answer, alive when everything that was asked did. Links that replicate only bear witness to life. */
export function judgeRound(observations: readonly Observation[]): Vantage['verdict'] {
  const ok = (check: Observation['check']): boolean => observations.some((observation) => observation.check === check && observation.ok);
  const asked = observations.filter(({ check }) => check !== 'replication' && check !== 'cache-link');
  if (asked.length === 0) return 'blind';
  if (asked.every((observation) => observation.ok)) return 'alive';
  return ok('service') || ok('database') || ok('replication') ? 'impaired' : 'failed';
}

/** One line for people: what answers and what does not. */
export function describeRound(observations: readonly Observation[]): string {
  return observations.map(({ check, ok, detail }) => `${check} ${ok ? 'ok' : `no (${detail})`}`).join(', ');
}
