/** The files of a site's PostgreSQL: settings, who may connect, what it follows. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LabAddresses, LabSite } from '../addresses.ts';
import { ports } from '../addresses.ts';
import { serverFile } from '../ownership.ts';
import { accounts, databaseName } from '../settings.ts';
import { sharedMemoryInFiles } from './shared-memory.ts';

const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** fsync is off: the lab kills processes, never the machine. Time-outs are short so that a cut is noticed in 2 s. */
function settings(address: string): Record<string, string> {
  return {
    listen_addresses: address,
    port: String(ports.postgres),
    // Several servers on one machine would fight for one socket path.
    unix_socket_directories: '',
    fsync: 'off',
    shared_buffers: '16MB',
    // Not below the golden copy's: a standby refuses to start with less than the primary had.
    max_connections: '100',
    wal_level: 'replica',
    // Thrown away until somebody backs it up: to turn archiving on takes a restart.
    archive_mode: 'on',
    archive_command: '/bin/true',
    max_wal_senders: '10',
    wal_keep_size: '256MB',
    max_wal_size: '256MB',
    wal_log_hints: 'on',
    hot_standby: 'on',
    hot_standby_feedback: 'on',
    wal_sender_timeout: '2s',
    wal_receiver_timeout: '2s',
    wal_receiver_status_interval: '1s',
    wal_retrieve_retry_interval: '500ms',
    recovery_target_timeline: 'latest',
    track_commit_timestamp: 'on',
    jit: 'off',
    log_connections: 'off',
    log_line_prefix: '%m [%p] %u@%d ',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
}

export function writePostgresConfig(pgdata: string, address: string): void {
  const lines = Object.entries(settings(address)).map(([name, value]) => `${name} = ${quoted(value)}`);
  serverFile(join(pgdata, 'postgresql.conf'), `${[...lines, sharedMemoryInFiles].join('\n')}\n`);
}

/** Administrators come from the site's own host only; standbys and the observer through the switch, as their sites' addresses. */
export function writeHostRules(pgdata: string, index: number): void {
  const lab = `127.${index}.0.0/16`;
  const rules = [
    `host all ${accounts.admin} samehost scram-sha-256`,
    `host ${databaseName} ${accounts.service} samehost scram-sha-256`,
    `host all ${accounts.observer} samehost scram-sha-256`,
    `host all ${accounts.observer} ${lab} scram-sha-256`,
    `host replication ${accounts.replication} ${lab} scram-sha-256`,
    // Backups are made at the site's own host.
    `host replication ${accounts.admin} samehost scram-sha-256`,
  ];
  serverFile(join(pgdata, 'pg_hba.conf'), `${rules.join('\n')}\n`);
}

/** Makes the folder a standby that follows `upstream`, or a primary when that is null. */
export function writeRole(pgdata: string, site: LabSite, upstream: LabSite | null, addresses: LabAddresses, passfile: string): void {
  const signal = join(pgdata, 'standby.signal');
  if (upstream === null) {
    rmSync(signal, { force: true });
    serverFile(join(pgdata, 'postgresql.auto.conf'), '');
    return;
  }
  const conninfo = [
    `host=${addresses.seen(upstream, site)}`,
    `port=${ports.postgres}`,
    `user=${accounts.replication}`,
    `passfile=${passfile}`,
    `application_name=${site}`,
    'connect_timeout=2',
  ].join(' ');
  serverFile(join(pgdata, 'postgresql.auto.conf'), `primary_conninfo = ${quoted(conninfo)}\n`);
  serverFile(signal, '');
}
