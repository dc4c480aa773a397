/** Clocks that do not agree: what is measured, and what people are told of it. Pure. */
import { formatSeconds } from '../durations.ts';
import type { SiteId } from '../schema.ts';

/** How clocks stand to the run's, which is the Temporal server's. Seconds; positive is ahead. */
export interface ClockReading {
  /** Of the site's host. */
  readonly siteAheadSeconds: number;
  /** Of the site's database, which may run on another machine than the host; absent where it was not asked, and in the results of older releases. */
  readonly databaseAheadSeconds?: number;
  /** Of the machine of the worker that asked; null where it does not know the run's yet. */
  readonly workerAheadSeconds: number | null;
}

/** What was read at a site. */
export interface SiteClocks {
  readonly site: SiteId;
  readonly clocks?: ClockReading;
}

/** By how much a clock that told `told` while it was asked from `askedAt` to `answeredAt` is ahead, at least: 0 when it may be right. All in milliseconds since the epoch; the answer is in seconds. */
export function aheadBy(told: number, askedAt: number, answeredAt: number): number {
  if (told > answeredAt) return (told - answeredAt) / 1000;
  return told < askedAt ? (told - askedAt) / 1000 : 0;
}

/** One sentence for each clock that is further off than the plan lets it be. */
export function wrongClocks(readings: readonly SiteClocks[], maxSeconds: number): readonly string[] {
  const off = (ahead: number) => Math.abs(ahead) > maxSeconds;
  const sites = readings.flatMap(({ site, clocks }) => {
    if (!clocks) return [];
    const { siteAheadSeconds, databaseAheadSeconds = siteAheadSeconds } = clocks;
    const host = off(siteAheadSeconds) ? [sentence(`The clock of ${site}`, siteAheadSeconds)] : [];
    // Host and database that are off alike are one machine, or one mistake.
    if (!off(databaseAheadSeconds) || (host.length > 0 && !off(databaseAheadSeconds - siteAheadSeconds))) return host;
    return [...host, sentence(`The clock of the database at ${site}`, databaseAheadSeconds)];
  });
  const worker = readings.map(({ clocks }) => clocks?.workerAheadSeconds ?? 0).find(off);
  return worker === undefined ? sites : [`${sentence('The clock of a worker', worker)} Times here are the server's.`, ...sites];
}

/** What people are told of a primary that nobody can ask any more: `ahead` is what each of its standbys has seen of its clock. Nothing where it agreed. */
export function wrongPrimaryClock(site: SiteId, ahead: readonly number[], maxSeconds: number): readonly string[] {
  const [most = 0] = ahead.toSorted((one, other) => Math.abs(other) - Math.abs(one));
  if (Math.abs(most) <= maxSeconds) return [];
  return [
    `${sentence(`The clock of the database at ${site}`, most, 'was')} Its heartbeats and commits are counted by the server's, as its standbys saw them come.`,
  ];
}

function sentence(whose: string, ahead: number, is: 'is' | 'was' = 'is'): string {
  return `${whose} ${is} ${formatSeconds(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the Temporal server's: times that it tells are off by as much. Keep it by NTP.`;
}
