/** How far long work is, how fast it goes and when it will end, from what was told of it. Pure. */
import { clockTime, formatSeconds } from '../durations.ts';

/** What was told of the work at one look. */
export interface Told {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly bytesDone: number;
  /** 0 or absent where it is not known how much there is. */
  readonly bytesAll?: number;
}

export interface Progress {
  readonly bytesDone: number;
  readonly bytesAll?: number;
  /** Over the last minute, or since the look before where looks are further apart; absent until there are two, and when the count began anew. */
  readonly bytesPerSecond?: number;
  /** RFC 3339; absent while nothing moves. */
  readonly endsAt?: string;
}

/** The time over which a rate is counted, seconds. */
const rateSeconds = 60;
/** An end that is further off is no forecast. */
const forecastDaysMax = 30;

/** `told`: in the order of time, the latest last; undefined when nothing was told. */
export function progressOf(told: readonly Told[]): Progress | undefined {
  const last = told.at(-1);
  if (!last) return undefined;
  const bytesAll = last.bytesAll !== undefined && last.bytesAll > 0 ? last.bytesAll : undefined;
  const bytesPerSecond = rateOf(told.slice(0, -1), last);
  const endsAt = bytesAll === undefined || !bytesPerSecond ? undefined : endOf(last, Math.max(0, bytesAll - last.bytesDone) / bytesPerSecond);
  return {
    bytesDone: last.bytesDone,
    ...(bytesAll === undefined ? {} : { bytesAll }),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(endsAt === undefined ? {} : { endsAt }),
  };
}

/** Those of `told` that the next rate may need: of the last minute, and the latest before it. */
export function recent(told: readonly Told[]): readonly Told[] {
  const last = told.at(-1);
  if (!last) return told;
  const first = told.findIndex(({ at }) => secondsBetween(at, last.at) <= rateSeconds);
  return told.slice(Math.max(0, Math.min(first, told.length - 2)));
}

function rateOf(before: readonly Told[], last: Told): number | undefined {
  const from = before.find(({ at }) => secondsBetween(at, last.at) <= rateSeconds) ?? before.at(-1);
  const seconds = from ? secondsBetween(from.at, last.at) : 0;
  if (!from || seconds <= 0 || last.bytesDone < from.bytesDone) return undefined;
  return (last.bytesDone - from.bytesDone) / seconds;
}

function endOf({ at }: Told, seconds: number): string | undefined {
  return seconds > forecastDaysMax * 86_400 ? undefined : new Date(Date.parse(at) + seconds * 1000).toISOString();
}

const secondsBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000;

/** `12.4 GB of 80.0 GB (15 %), 210 MB/s, ends about 14:32:05Z`; `now` in RFC 3339, since an end on another day has its date. */
export function progressWords({ bytesDone, bytesAll, bytesPerSecond, endsAt }: Progress, now: string): string {
  const share = bytesAll === undefined ? '' : ` of ${formatBytes(bytesAll)} (${Math.min(100, Math.floor((100 * bytesDone) / bytesAll))} %)`;
  const rate = bytesPerSecond === undefined ? '' : `, ${formatBytes(bytesPerSecond)}/s`;
  const day = endsAt === undefined || endsAt.slice(0, 10) === now.slice(0, 10) ? '' : `${endsAt.slice(0, 10)} `;
  const end = endsAt === undefined ? '' : `, ends about ${day}${clockTime(endsAt)}`;
  return `${formatBytes(bytesDone)}${share}${rate}${end}`;
}

/** What has told nothing new for so long is said to have done so, seconds. */
const silentSeconds = 60;

/** A part of a sentence about work that has told nothing new for long; empty for any other. */
export function silenceWords(progressAgeSeconds: number | undefined): string {
  return progressAgeSeconds === undefined || progressAgeSeconds <= silentSeconds ? '' : `, nothing new for ${formatSeconds(progressAgeSeconds)}`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A number of bytes for people, in powers of ten as disks and networks count: `980 B`, `12.4 GB`. */
export function formatBytes(bytes: number): string {
  let power = 0;
  let value = bytes;
  for (; Math.round(value) >= 1000 && power < units.length - 1; power += 1) value /= 1000;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
