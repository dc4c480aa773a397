/** What a cold start has learned of what it restores. */
import type { ReferenceCount } from '../../activities/verification/port.ts';
import type { StackPreview } from '../../activities/stack/port.ts';
import type { Restored, RestoredStore, RestorePoints, Snapshots } from '../../activities/restore/port.ts';
import { seconds } from '../../plan/durations.ts';
import type { Loss } from '../../plan/rules/loss.ts';
import { isTree, type Snapshot, type SnapshotStore, snapshotStores, type Tree } from '../../plan/rules/snapshots.ts';
import type { SiteId } from '../../plan/schema.ts';
import { now } from '../engine/clock.ts';
import type { Course } from '../engine/course.ts';
import { newFacts, type RecoveryFacts } from './facts.ts';

/** What can be restored at the target. */
export type Points = Extract<RestorePoints, { found: true }>;

export interface ColdStartFacts extends RecoveryFacts {
  points: Points | null;
  /** What can be restored of each other store that the plan restores. */
  snapshots: readonly Snapshots[];
  /** What people chose: the set, the moment up to which its log is replayed, and the snapshot of each store that comes with it. */
  chosen: { readonly set: string; readonly point: string; readonly snapshots: ReadonlyMap<SnapshotStore, Snapshot> } | null;
  /** The database as it was read when it was proven; null before. */
  restored: Restored | null;
  /** Of each other store the same. */
  readonly restoredSnapshots: Map<SnapshotStore, Restored>;
  /** Keys of the restored cache whose row is not in the restored database. */
  references: readonly ReferenceCount[];
  /** Trees that this run has made current. */
  readonly current: Set<Tree>;
  /** What an earlier run has restored and opened there: this one may go on from it. Null where none has, and once people chose to restore anew. */
  opened: Restored | null;
  /** Of which snapshot the cache is that stands beside it; null where that is not known. */
  openedCache: Snapshot | null;
  /** What would be made for the target to stand on, as people have seen it; null where nothing is, or was looked at. */
  stack: StackPreview | null;
}

export function newColdStartFacts(failed: readonly SiteId[], start: Pick<RecoveryFacts, 'declaredFailed'>): ColdStartFacts {
  return {
    ...newFacts(failed, start),
    points: null,
    snapshots: [],
    chosen: null,
    restored: null,
    restoredSnapshots: new Map(),
    references: [],
    current: new Set(),
    opened: null,
    openedCache: null,
    stack: null,
  };
}

/** What was acknowledged after the moment to which a store goes back. The moment is of the lost primary's clock, the failure of those who saw it; what people declared failed may acknowledge until now. */
export function lossSince(
  run: Pick<Course, 'plan'>,
  facts: Pick<RecoveryFacts, 'moments' | 'declaredFailed'>,
  point: string,
  store: RestoredStore = 'database',
): Loss {
  const { failedSince } = facts.moments;
  const until = facts.declaredFailed ? now() : failedSince;
  const milliseconds = Date.parse(until ?? '') - Date.parse(point);
  if (until === undefined || Number.isNaN(milliseconds))
    return { kind: 'unknown', reason: `since when the sites have failed, or to when the ${store} goes back, is not known` };
  if (milliseconds < 0) return { kind: 'unknown', reason: `the clock of the lost primary was ahead: it had ${point} when its failure was seen at ${until}` };
  const lost = Math.ceil(milliseconds / 1000) + Math.ceil(seconds(run.plan.estate.detection.probeInterval));
  const end = facts.declaredFailed ? 'now, since sites that people declared failed may still acknowledge' : 'the first failed observation';
  return { kind: 'at most', seconds: lost, bytes: 'unknown', basis: `from ${point}, to which the ${store} goes back, until ${end}` };
}

/** What then stands there of a store that is not restored, as the rest of a sentence. */
export function withoutIt(store: SnapshotStore): string {
  return isTree(store) ? 'what the site has is used as it is' : 'it starts empty';
}

/** Why a store is not restored, as the rest of a sentence; null where it is. */
export function whyNotRestored(run: Pick<Course, 'plan'>, { chosen, opened }: ColdStartFacts, store: SnapshotStore): string | null {
  if (!snapshotStores(run.plan).includes(store)) return `no backup of the ${store} is restored: ${withoutIt(store)}`;
  if (opened) return `${opened.by} has opened what it restored: what stands there of the ${store} is left as it is`;
  return chosen?.snapshots.has(store) ? null : `people chose to restore without the ${store}: ${withoutIt(store)}`;
}
