/** What comes back from backups at a site where nothing runs: what there is to restore, the restore itself, and what people make of it. */
import type { RestoreSet } from '../../plan/rules/restore-points.ts';
import type { Snapshot, SnapshotStore, Tree } from '../../plan/rules/snapshots.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { Change, ReachOf, RunContext } from '../context.ts';
import type { JobAt } from '../jobs/port.ts';

export interface RestoreAt {
  readonly run: RunContext;
  readonly site: SiteId;
}

export type RestoredStore = 'database' | SnapshotStore;

/** Those that a server holds: services are let in to them. */
export type ServerStore = Exclude<RestoredStore, Tree>;

export interface RestoreStoreAt<Store extends RestoredStore = RestoredStore> extends RestoreAt {
  readonly store: Store;
}

/** What can be restored at a site of the database, oldest set first. */
export type RestorePoints =
  | {
      readonly site: SiteId;
      readonly found: true;
      /** By which the sets were made: `pgbackrest`, or `files`. */
      readonly tool: string;
      readonly sets: readonly RestoreSet[];
      /** What lies among the sets and is none, with the reason. */
      readonly unreadable: readonly { readonly set: string; readonly reason: string }[];
      /** RFC 3339. */
      readonly at: string;
    }
  | { readonly site: SiteId; readonly found: false; readonly reason: string };

/** Snapshots of a store that a site can read. */
export type Snapshots =
  | {
      readonly site: SiteId;
      readonly store: SnapshotStore;
      readonly found: true;
      readonly snapshots: readonly Snapshot[];
      /** What lies among them and is none, with the reason. */
      readonly unreadable: readonly { readonly set: string; readonly reason: string }[];
      /** RFC 3339. */
      readonly at: string;
    }
  | { readonly site: SiteId; readonly store: SnapshotStore; readonly found: false; readonly reason: string };

/** One snapshot of a store. */
export interface RestoreSnapshot extends RestoreStoreAt<SnapshotStore> {
  readonly set: string;
}

export interface RestoreTo extends RestoreAt {
  readonly set: string;
  /** The moment up to which the log is replayed, by the lost primary's clock; RFC 3339, UTC. */
  readonly point: string;
}

/** What a restore would find; changes nothing. */
export type RestoreLook =
  | {
      readonly ready: true;
      readonly bytesNeeded: number;
      readonly bytesFree: number;
      /** The folder that would be renamed; absent where none is there. */ readonly setsAside?: string;
    }
  | { readonly ready: false; readonly reason: string };

/** `restored`: not proven yet. `opening`: people accepted it, and it has not come up since. `switched`: of a tree, it is current. */
export type RestoreStage = 'none' | 'begun' | 'aside' | 'restored' | 'proven' | 'admitted' | 'switched' | 'opening' | 'accepted' | 'discarded';

/** What stands at a host of a store's restore. */
export interface Restored {
  readonly site: SiteId;
  readonly store: RestoredStore;
  readonly stage: RestoreStage;
  /** Execution that restored it; absent where none has. */
  readonly by?: string;
  /** Set, snapshot or version that it was restored from; absent where none was. */
  readonly set?: string;
  /** What stands in the data's folder is what it restored: not so where somebody has put something else there since. */
  readonly inPlace: boolean;
  /** A tree has none. */
  readonly server: 'running' | 'stopped' | 'absent';
  /** What was proven of it, as the host has it; empty before. */
  readonly proof: Readonly<Record<string, string>>;
  /** Folders that stand beside the data and take room. */
  readonly kept: readonly { readonly folder: string; readonly bytes: number }[];
  readonly at: string;
}

export interface RestoreReads {
  /** One that cannot be reached, or cannot read its backups, is a value. */
  readRestorePoints(input: RestoreAt): Promise<RestorePoints>;
  /** One that cannot be reached, or cannot read its snapshots, is a value. */
  readSnapshots(input: RestoreStoreAt<SnapshotStore>): Promise<Snapshots>;
  /** What a guard there says no to is a value; a `transient` failure when the host cannot be reached. */
  lookAtRestore(input: RestoreTo): Promise<RestoreLook>;
  /** As for the database. */
  lookAtSnapshot(input: RestoreSnapshot): Promise<RestoreLook>;
  /** A `transient` failure when the host cannot be reached. */
  readRestored(input: RestoreStoreAt): Promise<Restored>;
}

export interface RestoreChanges {
  /** Starts the restore of the database as a job, or finds it under this id; `after` is its state. What is in the data's folder is set aside, never deleted. `refused` before anything changes where the point cannot be had. */
  restoreDatabase(input: RestoreTo & JobAt): Promise<Change>;
  /** The same of a snapshot. A server that runs there and holds nothing is stopped first; one that holds anything is `refused`. */
  restoreSnapshot(input: RestoreSnapshot & JobAt): Promise<Change>;
  /** Lets the site's own service and the observers in, and nobody else: what was restored can still be discarded. */
  admitServices(input: RestoreStoreAt<ServerStore>): Promise<Change>;
  /** Makes a tree current that was restored: its settings are tested, the link is replaced, and it is read again. Where that fails the link is what it was, which the error says. It can still be discarded. */
  switchRestored(input: RestoreStoreAt<Tree>): Promise<Change>;
  /** All that the run of the restored database has let in or made current there: from now on nobody discards it. The database opens for good, archives to a path of its own, and its first segment there is waited for. */
  acceptRestored(input: RestoreAt): Promise<Change>;
  /** Stops it and renames it; what was there before comes back, of a tree as what is current. `remaining` says what stays beside it. */
  discardRestored(input: RestoreStoreAt): Promise<Change>;
  /** Starts a first backup of what was opened as a job, at the path where it archives, or finds it under this id; `after` is its state. Done once that set can be restored. `refused` where nothing was opened, or its server is down. */
  backUpRestored(input: RestoreAt & JobAt): Promise<Change>;
}

export const restoreChanges = {
  restoreDatabase: 'estate',
  restoreSnapshot: 'estate',
  admitServices: 'estate',
  switchRestored: 'estate',
  acceptRestored: 'estate',
  discardRestored: 'estate',
  backUpRestored: 'estate',
} as const satisfies ReachOf<RestoreChanges>;

export type RestoreActivities = RestoreReads & RestoreChanges;
