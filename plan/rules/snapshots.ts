/** Which snapshot of a store goes with a moment of the database. Pure. */
import type { Plan } from '../schema.ts';
import { utcMoment } from './restore-points.ts';

/** Files that are unpacked beside what is there and made current by a link. Session data comes first: what reads them is made current last. */
export const trees = ['sessions', 'application'] as const;
export type Tree = (typeof trees)[number];

/** What comes back as it was at one moment, by a snapshot of its own; of a tree that is a version. */
export type SnapshotStore = 'cache' | Tree;

export function isTree(store: string): store is Tree {
  return (trees as readonly string[]).includes(store);
}

/** Those that the plan restores. */
export function snapshotStores({ estate }: Pick<Plan, 'estate'>): readonly SnapshotStore[] {
  return (['cache', ...trees] as const).filter((store) => estate.restore?.[store] !== undefined);
}

/** A store as it was at one moment: nothing is replayed on it. */
export interface Snapshot {
  readonly set: string;
  /** What it holds is no younger; RFC 3339, UTC, by the clock of the server that made it. */
  readonly at: string;
  readonly bytes: number;
  /** Of the server that made it; absent where it does not tell. */
  readonly version?: string;
  /** Why it cannot be restored here; absent when it can. */
  readonly unusable?: string;
}

/** Those that can be restored, oldest first. */
export function usableSnapshots(snapshots: readonly Snapshot[]): readonly Snapshot[] {
  return snapshots.filter(({ unusable }) => unusable === undefined).toSorted((one, other) => (utcMoment(one.at) < utcMoment(other.at) ? -1 : 1));
}

/** The newest that is not after the moment: a store that is newer than its database speaks of what the database has not. Null where none is that old. */
export function snapshotFor(snapshots: readonly Snapshot[], moment: string): Snapshot | null {
  return usableSnapshots(snapshots).findLast(({ at }) => utcMoment(at) <= utcMoment(moment)) ?? null;
}

/** What was written since then may be missing in it: the moment of a snapshot is told in whole seconds, and is the end of the one in which it was made. */
export function heldUntil({ at }: Pick<Snapshot, 'at'>): string {
  return new Date(Date.parse(at) - 1_000).toISOString();
}
