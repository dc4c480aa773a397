/** The relational database: who is ahead, catch up, promote, protect again. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, RunContext } from '../context.ts';

/** Row that the primary's agent rewrites every second, as read at a standby. Its ages are counted on the standby's clock. */
export interface Heartbeat {
  /** Written on the primary, by its clock; RFC 3339. */
  readonly writtenAt: string;
  /** `synchronous_standby_names` in force. */
  readonly synchronousStandbyNames: string;
  /** `synchronous_commit` of the server, and each role or database that overrides it, as `role:name=value`. */
  readonly synchronousCommit: string;
  readonly overrides: readonly string[];
  /** `application_name=sync_state` of each connected standby. */
  readonly standbys: readonly string[];
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
      /** Seconds since the last message from the server followed; absent when there was none. */
      readonly lastMessageAgeSeconds?: number;
      /** Commit time of the last transaction replayed; RFC 3339. */
      readonly lastReplayedCommitAt?: string;
      readonly heartbeat?: Heartbeat;
    }
  | { readonly site: SiteId; readonly reachable: false; readonly reason: string };

export interface Promotion extends Change {
  readonly timelineBefore: number;
  readonly timelineAfter: number;
  /** Position at which the new timeline begins. */
  readonly lsn: string;
  readonly lastReplayedCommitAt?: string;
}

export interface DatabaseActivities {
  /** Read by a login that cannot write. An unreachable server is a value. */
  readDatabase(input: { readonly run: RunContext; readonly site: SiteId }): Promise<DatabaseState>;
  /** Makes the standby at `site` follow the server at `source` and waits until it has replayed `untilBytes` (absent: all that source has received). Undoable by `followDatabase` with the former source. */
  followDatabase(input: { readonly run: RunContext; readonly site: SiteId; readonly source: SiteId; readonly untilBytes?: number }): Promise<Change>;
  /** Promotes and proves it: out of recovery, timeline raised, a row written and read back. Synchronous replication is set so that writes cannot hang. */
  promoteDatabase(input: { readonly run: RunContext; readonly site: SiteId }): Promise<Promotion>;
  /** Points the surviving standbys at the new primary, then makes the first that streams synchronous. With none, `after` says so. */
  protectDatabase(input: { readonly run: RunContext; readonly site: SiteId; readonly standbys: readonly SiteId[] }): Promise<Change>;
}
