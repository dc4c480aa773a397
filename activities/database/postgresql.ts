/** What one PostgreSQL server tells about itself. */
import type { Client, QueryResult } from 'pg';
import type { DatabaseState, Heartbeat } from './port.ts';

/** What the server itself tells of its state; see the port. */
export type ServerReading = Omit<Extract<DatabaseState, { reachable: true }>, 'site' | 'reachable' | 'follows' | 'heartbeats' | 'promotion' | 'promotionBegun'>;

/** One row about the server's state, for `serverOf`. */
export const stateSql = `
  select recovering as in_recovery, (select system_identifier::text from pg_control_system()) as system_identifier,
    case when recovering then coalesce((select received_tli from pg_stat_wal_receiver), (select timeline_id from pg_control_checkpoint()))
      else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end as timeline,
    received::text as received_lsn, replayed::text as replayed_lsn,
    pg_wal_lsn_diff(received, '0/0')::float8 as received_bytes, pg_wal_lsn_diff(replayed, '0/0')::float8 as replayed_bytes,
    exists (select from pg_stat_wal_receiver where status = 'streaming') as receiver_active,
    case when recovering and pg_is_wal_replay_paused() then 'its replay is paused'
      when recovering and current_setting('recovery_min_apply_delay') <> '0' then 'it applies with a delay of ' || current_setting('recovery_min_apply_delay') end as held_back,
    (select extract(epoch from clock_timestamp() - last_msg_receipt_time)::float8 from pg_stat_wal_receiver) as last_message_age,
    case when recovering then pg_last_xact_replay_timestamp() end as last_replayed_commit_at
  from (select recovering,
      case when recovering then coalesce(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0') else pg_current_wal_lsn() end as received,
      case when recovering then coalesce(pg_last_wal_replay_lsn(), '0/0') else pg_current_wal_lsn() end as replayed
    from (select pg_is_in_recovery() as recovering) as role) as positions`;

interface StateRow {
  in_recovery: boolean;
  system_identifier: string;
  timeline: number;
  received_lsn: string;
  replayed_lsn: string;
  received_bytes: number;
  replayed_bytes: number;
  receiver_active: boolean;
  held_back: string | null;
  last_message_age: number | null;
  last_replayed_commit_at: Date | null;
}

export async function readServer(client: Client): Promise<ServerReading> {
  return serverOf(await client.query(stateSql));
}

/** What the result of `stateSql` says. */
export function serverOf(result: QueryResult | undefined): ServerReading {
  const row = result?.rows[0] as StateRow | undefined;
  if (!row) throw new Error('the server gave no row about its state');
  return {
    inRecovery: row.in_recovery,
    systemIdentifier: row.system_identifier,
    timeline: row.timeline,
    receivedLsn: row.received_lsn,
    replayedLsn: row.replayed_lsn,
    receivedBytes: row.received_bytes,
    replayedBytes: row.replayed_bytes,
    receiverActive: row.receiver_active,
    ...(row.held_back === null ? {} : { heldBack: row.held_back }),
    ...(row.last_message_age === null ? {} : { lastMessageAgeSeconds: Math.max(0, row.last_message_age) }),
    ...(row.last_replayed_commit_at === null ? {} : { lastReplayedCommitAt: row.last_replayed_commit_at.toISOString() }),
  };
}

interface HeartbeatRow {
  site: string;
  written_at: Date;
  synchronous_standby_names: string;
  synchronous_commit: string;
  overrides: string;
  standbys: string;
  cache_min_replicas_to_write: number;
  cache_min_replicas_max_lag: number;
  cache_replicas: number;
  settings_loaded_at?: Date | null;
  flushed_lsn?: string | null;
}

/** What each site that has been the primary last said about what an acknowledgement means there: all rows of the table of heartbeats; none where it was not asked for. */
export function heartbeatsOf(result: QueryResult | undefined): readonly Heartbeat[] {
  const rows = (result?.rows ?? []) as readonly HeartbeatRow[];
  return rows.map((row) => ({
    site: row.site,
    writtenAt: row.written_at.toISOString(),
    synchronousStandbyNames: row.synchronous_standby_names,
    synchronousCommit: row.synchronous_commit,
    overrides: split(row.overrides),
    standbys: split(row.standbys),
    ...(row.settings_loaded_at ? { settingsAgeSeconds: Math.round((row.written_at.getTime() - row.settings_loaded_at.getTime()) / 1000) } : {}),
    ...(row.flushed_lsn ? { flushedLsn: row.flushed_lsn } : {}),
    cache: { minReplicasToWrite: row.cache_min_replicas_to_write, minReplicasMaxLagSeconds: row.cache_min_replicas_max_lag, replicas: row.cache_replicas },
  }));
}

/** `X/Y` as a number of bytes. */
export function lsnBytes(lsn: string): number {
  const match = /^([0-9A-F]+)\/([0-9A-F]+)$/i.exec(lsn);
  if (!match) throw new RangeError(`"${lsn}" is not a WAL position such as 0/3000060.`);
  return parseInt(match[1] ?? '', 16) * 2 ** 32 + parseInt(match[2] ?? '', 16);
}

function split(list: string): readonly string[] {
  return list.split(',').filter((part) => part !== '');
}
