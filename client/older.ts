/** Runs of older releases answer in their own words until they have ended, and their reports stay as they were written. */
import type { Places } from '../plan/rules/places.ts';

/** The same with `places`, where a run of release 0.1.0 told `from` and `to`. */
export function withPlaces<T extends { readonly places: Places }>(told: T): T {
  if ('places' in told) return told;
  const { from, to, ...rest } = told as unknown as { readonly from: string; readonly to: string };
  return { ...rest, places: { failed: [from], source: from, target: to } } as unknown as T;
}
