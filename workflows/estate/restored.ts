/** What a cold start has learned of what it restores. */
import type { Restored, RestorePoints } from '../../activities/restore/port.ts';
import type { Loss } from '../../plan/rules/loss.ts';
import type { SiteId } from '../../plan/schema.ts';
import { newFacts, type RecoveryFacts } from './facts.ts';

/** What can be restored at the target. */
export type Points = Extract<RestorePoints, { found: true }>;

export interface ColdStartFacts extends RecoveryFacts {
  points: Points | null;
  /** What people chose: the set, and the moment up to which its log is replayed. */
  chosen: { readonly set: string; readonly point: string } | null;
  /** As it was read when it was proven; null before. */
  restored: Restored | null;
  /** Execution of an earlier run that has opened what it restored there: this one goes on from it. Null where none has. */
  openedBy: string | null;
}

export function newColdStartFacts(failed: readonly SiteId[], start: Pick<RecoveryFacts, 'declaredFailed'>): ColdStartFacts {
  return { ...newFacts(failed, start), points: null, chosen: null, restored: null, openedBy: null };
}

/** What was acknowledged after the moment to which the database goes back. The moment is of the lost primary's clock, the failure of those who saw it. */
export function lossSince(point: string, failedSince: string | undefined): Loss {
  if (failedSince === undefined) return { kind: 'unknown', reason: 'nobody saw since when the sites have failed' };
  const lost = Math.max(0, Math.ceil((Date.parse(failedSince) - Date.parse(point)) / 1000));
  return { kind: 'at most', seconds: lost, bytes: 'unknown', basis: `from ${point}, to which the database goes back, until the first failed observation` };
}

/** The cache has no backup that is restored. */
export const emptyCache: Loss = { kind: 'unknown', reason: 'no backup of the cache is restored: it starts empty' };
