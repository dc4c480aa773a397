/** Which sites a run is about: one value that the run, its status and its report share. Pure. */
import type { SiteId } from '../schema.ts';

export interface Places {
  /** Those that are declared failed; none where work is planned. */
  readonly failed: readonly SiteId[];
  /** Where customers were served, or whose data are brought back. */
  readonly source: SiteId;
  /** Where they are to be served. */
  readonly target: SiteId;
}

/** As a part of a sentence: `from a to b`, or `at` the one site where all of it happens. */
export function fromTo({ source, target }: Places): string {
  return source === target ? `at ${target}` : `from ${source} to ${target}`;
}

/** For people: `a → b`, or the one site where all of it happens. */
export function wayOf({ failed, source, target }: Places): string {
  const from = failed.length > 1 ? failed.join(', ') : source;
  return from === target ? target : `${from} → ${target}`;
}
