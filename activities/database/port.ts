/** The relational database: who is ahead, catch up, promote, protect again. */
import type { PrimaryHeartbeat } from '../../plan/rules/fence-proof.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { Change, ReachOf, RunContext } from '../context.ts';

/** Row that a site's agent rewrites every second while its database is the primary, by that database's clock; it replicates, and stays when another site takes over. */
export interface Heartbeat extends PrimaryHeartbeat {
  readonly site: SiteId;
  readonly cache: { readonly minReplicasToWrite: number; readonly minReplicasMaxLagSeconds: number; readonly replicas: number };
}

/** A standby that a run has made the primary, as its agent noted it then. */
export interface EarlierPromotion {
  /** Execution of the run that promoted it. */
  readonly by: string;
  /** Timeline that began then, and the position at which it began. */
  readonly timeline: number;
  readonly lsn: string;
  readonly bytes: number;
  /** Commit time of the last transaction replayed before; RFC 3339. */
  readonly lastReplayedCommitAt?: string;
}

export type DatabaseState =
  | {
      readonly site: SiteId;
      readonly reachable: true;
      readonly inRecovery: boolean;
      readonly systemIdentifier: string;
      readonly timeline: number;
      /** WAL positions as `X/Y`; on a primary both are the current position. */
      readonly receivedLsn: string;
      readonly replayedLsn: string;
      /** The same as numbers of bytes, for arithmetic (exact below 2^53). */
      readonly receivedBytes: number;
      readonly replayedBytes: number;
      /** Site followed, by the agent's configuration; `none` when detached or a primary, `unknown` when the agent does not tell. */
      readonly follows: string;
      readonly receiverActive: boolean;
      /** What keeps a standby from applying what it has received, in a few words; absent when nothing does. */
      readonly heldBack?: string;
      /** Seconds since the last message from the server followed; absent when there was none. */
      readonly lastMessageAgeSeconds?: number;
      /** Commit time of the last transaction replayed, by the run's clock as the heartbeats are; RFC 3339. */
      readonly lastReplayedCommitAt?: string;
      /** One for each site that has been the primary, by the run's clock as far as `senderClocks` tell. */
      readonly heartbeats: readonly Heartbeat[];
      /**
       * By how many seconds the clocks of databases that have sent something here were ahead of the run's, each as it was then; those that agree are left out. Times here are
       * corrected by them. Absent in the results of older releases.
       */
      readonly senderClocks?: Readonly<Record<SiteId, number>>;
      /** On a primary that a run has promoted; absent for any other. */
      readonly promotion?: EarlierPromotion;
      /** Execution that has begun to promote this standby, which may still take effect; absent for any other. */
      readonly promotionBegun?: string;
    }
  | { readonly site: SiteId; readonly reachable: false; readonly reason: string };

export interface Promotion extends Change {
  readonly timelineBefore: number;
  readonly timelineAfter: number;
  /** Position at which the new timeline begins. */
  readonly lsn: string;
}

export interface DatabaseReads {
  /** Read by a login that cannot write. An unreachable server is a value. */
  readDatabase(input: { readonly run: RunContext; readonly site: SiteId }): Promise<DatabaseState>;
}

export interface DatabaseChanges {
  /** Makes the standby at `site` follow the server at `source` and waits until it has replayed `untilBytes` (absent: all that source has received). Undoable by `followDatabase` with the former source. */
  followDatabase(input: { readonly run: RunContext; readonly site: SiteId; readonly source: SiteId; readonly untilBytes?: number }): Promise<Change>;
  /** The standby at `site` applies all that it has received, whatever held it back (a pause, a delay). Undone by `reattach`, which puts that back. */
  applyDatabase(input: { readonly run: RunContext; readonly site: SiteId }): Promise<Change>;
  /** Promotes and proves it: out of recovery, timeline raised, a row written and read back. Synchronous replication is set so that writes cannot hang. */
  promoteDatabase(input: { readonly run: RunContext; readonly site: SiteId }): Promise<Promotion>;
  /** Points the surviving standbys at the new primary, then makes the first that streams synchronous. With none, `after` says so. */
  protectDatabase(input: { readonly run: RunContext; readonly site: SiteId; readonly standbys: readonly SiteId[] }): Promise<Change>;
}

export const databaseChanges = {
  followDatabase: 'estate',
  applyDatabase: 'estate',
  promoteDatabase: 'estate',
  protectDatabase: 'estate',
} as const satisfies ReachOf<DatabaseChanges>;

export type DatabaseActivities = DatabaseReads & DatabaseChanges;
