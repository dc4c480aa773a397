/** ISO 8601 durations of the plan as numbers, and times as people read them. */

const pattern = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Seconds of an ISO 8601 duration such as `PT1M30S`. Throws a RangeError on anything else. */
export function seconds(duration: string): number {
  const match = pattern.exec(duration);
  if (!match || duration.endsWith('P') || duration.endsWith('T')) {
    throw new RangeError(`"${duration}" is not an ISO 8601 duration of days, hours, minutes and seconds. Write PT15M, for example.`);
  }
  const [days, hours, minutes, secs] = match.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number];
  return days * 86_400 + hours * 3_600 + minutes * 60 + secs;
}

/** Milliseconds of an ISO 8601 duration. */
export function milliseconds(duration: string): number {
  return Math.round(seconds(duration) * 1000);
}

/** A number of seconds for people: `1 h 05 min`, `2 min 03 s`, `8.4 s`. */
export function formatSeconds(total: number): string {
  const sign = total < 0 ? '-' : '';
  const value = Math.abs(total);
  if (value < 60) return `${sign}${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} s`;
  const rounded = Math.round(value);
  const hours = Math.floor(rounded / 3600);
  const minutes = Math.floor((rounded % 3600) / 60);
  const pad = (part: number) => String(part).padStart(2, '0');
  if (hours > 0) return `${sign}${hours} h ${pad(minutes)} min`;
  return `${sign}${minutes} min ${pad(rounded % 60)} s`;
}

/** The time of day in UTC of an RFC 3339 time in UTC, as it stands in every record: `14:32:05Z`. */
export function clockTime(time: string): string {
  return `${time.slice(11, 19)}Z`;
}
