/** Clocks that do not agree: what is measured, and what people are told of it. Pure. */
import { formatSeconds } from '../durations.ts';
import type { SiteId } from '../schema.ts';

/** How two clocks stand to the run's, which is the Temporal server's. Seconds; positive is ahead. */
export interface ClockReading {
  /** Of the site's host. */
  readonly siteAheadSeconds: number;
  /** Of the machine of the worker that asked; null where it does not know the run's yet. */
  readonly workerAheadSeconds: number | null;
}

/** By how much a clock that told `told` while it was asked from `askedAt` to `answeredAt` is ahead, at least: 0 when it may be right. All in milliseconds since the epoch; the answer is in seconds. */
export function aheadBy(told: number, askedAt: number, answeredAt: number): number {
  if (told > answeredAt) return (told - answeredAt) / 1000;
  return told < askedAt ? (told - askedAt) / 1000 : 0;
}

/** One sentence for each clock that is further off than the plan lets it be. */
export function wrongClocks(readings: readonly { readonly site: SiteId; readonly clocks?: ClockReading }[], maxSeconds: number): readonly string[] {
  const off = (ahead: number) => Math.abs(ahead) > maxSeconds;
  const sites = readings.flatMap(({ site, clocks }) =>
    clocks && off(clocks.siteAheadSeconds) ? [sentence(`The clock of ${site}`, clocks.siteAheadSeconds)] : [],
  );
  const worker = readings.map(({ clocks }) => clocks?.workerAheadSeconds ?? 0).find(off);
  return worker === undefined ? sites : [`${sentence('The clock of a worker', worker)} Times here are the server's.`, ...sites];
}

function sentence(whose: string, ahead: number): string {
  return `${whose} is ${formatSeconds(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the Temporal server's: times that it tells are off by as much. Keep it by NTP.`;
}
