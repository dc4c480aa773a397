/** Runs of older releases answer in their own words until they have ended, and their reports stay as they were written. */
import type { Places } from '../plan/rules/places.ts';

/** A report or a status in the words of this release: `places`, where a run of release 0.1.0 told `from` and `to`, and what kind of clock it is. */
export function inOurWords<T extends { readonly places: Places }>(told: T): T {
  if ('places' in told) return told;
  const { from, to, ...rest } = told as unknown as { readonly from: string; readonly to: string; readonly clock?: object | null };
  const clock = rest.clock ? { clock: { kind: 'outage', ...rest.clock } } : {};
  return { ...rest, ...clock, places: { failed: [from], source: from, target: to } } as unknown as T;
}
