/** What comes back from backups at a site where nothing runs: what there is to restore, the restore itself, and what people make of it. */
import type { RestoreSet } from '../../plan/rules/restore-points.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { Change, ReachOf, RunContext } from '../context.ts';
import type { JobAt } from '../jobs/port.ts';

export interface RestoreAt {
  readonly run: RunContext;
  readonly site: SiteId;
}

/** What can be restored at a site, oldest set first. */
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

/** `restored`: not proven yet. `opening`: people accepted it, and it has not come up since. */
export type RestoreStage = 'none' | 'begun' | 'aside' | 'restored' | 'proven' | 'admitted' | 'opening' | 'accepted' | 'discarded';

/** What stands at a host of a restore. */
export interface Restored {
  readonly site: SiteId;
  readonly stage: RestoreStage;
  /** Execution that restored it; absent where none has. */
  readonly by?: string;
  /** What stands in the data's folder is what it restored: not so where somebody has put something else there since. */
  readonly inPlace: boolean;
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
  /** What a guard there says no to is a value; a `transient` failure when the host cannot be reached. */
  lookAtRestore(input: RestoreTo): Promise<RestoreLook>;
  /** A `transient` failure when the host cannot be reached. */
  readRestored(input: RestoreAt): Promise<Restored>;
}

export interface RestoreChanges {
  /** Starts the restore of the database as a job, or finds it under this id; `after` is its state. What is in the data's folder is set aside, never deleted. `refused` before anything changes where the point cannot be had. */
  restoreDatabase(input: RestoreTo & JobAt): Promise<Change>;
  /** Lets the site's own service and the observers in, and nobody else: what was restored can still be discarded. */
  admitServices(input: RestoreAt): Promise<Change>;
  /** Opens what was restored for good, archives to a path of its own, and waits until the first segment is there. Nobody discards it any more. */
  acceptRestored(input: RestoreAt): Promise<Change>;
  /** Stops it and renames it; what was there before comes back. `remaining` says what stays beside it. */
  discardRestored(input: RestoreAt): Promise<Change>;
}

export const restoreChanges = {
  restoreDatabase: 'estate',
  admitServices: 'estate',
  acceptRestored: 'estate',
  discardRestored: 'estate',
} as const satisfies ReachOf<RestoreChanges>;

export type RestoreActivities = RestoreReads & RestoreChanges;
