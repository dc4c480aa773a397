/** To which moments a store can be restored, and from which set. Pure. */

import type { Plan, SiteId } from '../schema.ts';

/** Sites where the plan restores what a backup holds. */
export function restoringSites({ estate }: Pick<Plan, 'estate'>): readonly SiteId[] {
  return Object.keys(estate.sites).filter((site) => estate.sites[site]?.restore !== undefined);
}

/** A set of a backup, with as much of its log as goes on from it without a gap. Times are those of the lost primary's clock, as its log has them; RFC 3339. */
export interface RestoreSet {
  readonly set: string;
  readonly startedAt: string;
  readonly stoppedAt: string;
  readonly timeline: number;
  readonly bytes: number;
  /** Of the log that follows it. */
  readonly logBytes: number;
  /** Of the server that made it. */
  readonly version: string;
  readonly systemIdentifier: string;
  /** First segment of the log that is missing though later ones are there; absent where none is. */
  readonly gapAt?: string;
  /** First and last moment to which it can be restored; `latest` is absent where its log holds nothing. */
  readonly earliest: string;
  readonly latest?: string;
  /** Why it cannot be restored here; absent when it can. */
  readonly unusable?: string;
}

/** Moments to any of which something can be restored, both ends included; RFC 3339. */
export interface RestoreWindow {
  readonly from: string;
  readonly until: string;
}

type Usable = RestoreSet & { readonly latest: string };

/** Those of the newest timeline: what a former primary went on to write, once another was promoted, is no history of the estate. */
function usableOf(sets: readonly RestoreSet[]): readonly Usable[] {
  const usable = sets.filter((set): set is Usable => set.unusable === undefined && set.latest !== undefined);
  const newest = Math.max(...usable.map(({ timeline }) => timeline));
  return usable.filter(({ timeline }) => timeline === newest);
}

/** A moment in UTC with microseconds, as a log has it, so that two compare as texts. What is none stays as it is. */
export function utcMoment(text: string): string {
  const [, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/.exec(text) ?? [];
  return seconds === undefined ? text : `${seconds}.${fraction.padEnd(6, '0')}Z`;
}

function before(one: string, other: string): boolean {
  return utcMoment(one) < utcMoment(other);
}

/** The longest stretch without a hole that ends at the newest moment of all; null where nothing can be restored. */
export function newestWindow(sets: readonly RestoreSet[]): RestoreWindow | null {
  const usable = usableOf(sets).toSorted((one, other) => (before(one.latest, other.latest) ? 1 : -1));
  const [newest] = usable;
  if (!newest) return null;
  let from = newest.earliest;
  // Each round may reach further back than the one before.
  for (let reached = ''; reached !== from;) {
    reached = from;
    for (const set of usable) if (!before(set.latest, from) && before(set.earliest, from)) from = set.earliest;
  }
  return { from, until: newest.latest };
}

/** The set that ends nearest before the moment, so that the least of the log is replayed; null where none has it. */
export function setFor(sets: readonly RestoreSet[], moment: string): RestoreSet | null {
  const having = usableOf(sets).filter((set) => !before(moment, set.earliest) && !before(set.latest, moment));
  return having.toSorted((one, other) => (before(one.stoppedAt, other.stoppedAt) ? 1 : -1))[0] ?? null;
}

/** Seconds for set and log at the speed of the last restore; null where that is not known. */
export function restoreSeconds({ bytes, logBytes }: Pick<RestoreSet, 'bytes' | 'logBytes'>, bytesPerSecond: number | undefined): number | null {
  return bytesPerSecond === undefined ? null : Math.ceil((bytes + logBytes) / bytesPerSecond);
}
