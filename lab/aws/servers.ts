/** The real servers behind what RDS and ElastiCache make: PostgreSQL from a base backup and its log, Redis from a file of BGSAVE. */
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import type { LabSite } from '../addresses.ts';
import { ports } from '../addresses.ts';
import { startChild, until, type Child } from '../child.ts';
import type { LabContext } from '../component.ts';
import type { Passwords } from '../golden.ts';
import { serverFile, serverFolder } from '../ownership.ts';
import { writeHostRules, writePostgresConfig } from '../postgres/config.ts';
import { dropSharedMemory } from '../postgres/shared-memory.ts';
import { redisConfig } from '../redis/config.ts';
import { run } from '../run.ts';
import { accounts } from '../settings.ts';
import { program } from '../setup/paths.ts';
import type { BackingServers } from './resource.ts';

const readyMs = 60_000;

interface Parts {
  readonly context: LabContext;
  /** At whose address they listen, one at a time. */
  readonly site: LabSite;
  /** Where AWS says that they are. */
  readonly told: { readonly host: string };
  readonly passwords: () => Passwords;
}

/** `base` has a folder for each snapshot; a moment is reached by the log in `wal`, from the folder that `baseOf` gives for automatic backups. */
export function createDatabaseServers(
  parts: Parts,
  backups: { readonly base: string; readonly wal: string; baseOf(resourceId: string): string },
): BackingServers {
  const { context, site, told } = parts;
  const folder = join(context.directory, 'aws', 'rds');
  const host = context.addresses.real(site);
  let child: Child | undefined;
  return inTurn({
    async start(name, snapshot, moment) {
      if (child?.running()) throw new Error(`A database runs at ${host} already.`);
      serverFolder(join(context.directory, 'aws'), 0o755);
      rmSync(folder, { recursive: true, force: true });
      await run(['cp', '-a', join(backups.base, moment ? backups.baseOf(snapshot) : snapshot), folder], { unprivileged: true, cwd: '/' });
      writePostgresConfig(folder, host);
      writeHostRules(folder, context.addresses.index);
      const target = moment ? `recovery_target_time = '${moment.toISOString().replace('T', ' ').replace('Z', '+00')}'` : `recovery_target = 'immediate'`;
      const recovery = [`restore_command = 'cp "${backups.wal}/%f" "%p"'`, target, `recovery_target_action = 'promote'`, `archive_command = '/bin/true'`];
      serverFile(join(folder, 'postgresql.auto.conf'), `${recovery.join('\n')}\n`);
      serverFile(join(folder, 'recovery.signal'), '');
      child = await startChild(context, `rds-${name}`, { command: program('postgres'), args: ['-D', folder], cwd: folder, unprivileged: true });
      await until(
        async () => (await isOutOfRecovery(host, parts.passwords().observer)) || !child?.running(),
        readyMs,
        () => `The database behind ${name} did not start within ${readyMs / 1000} s. Look in logs/rds-${name}.log.`,
      );
      if (!child.running()) throw new Error(`The database behind ${name} ended at its start. Look in logs/rds-${name}.log.`);
      return { host: told.host, port: ports.postgres };
    },
    async stop() {
      await child?.stop(5_000, 'SIGQUIT');
      child = undefined;
      if (existsSync(folder)) await dropSharedMemory(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

/** A server that is being started is ended once that has come to its end: before it, nobody knows its process. */
function inTurn({ start, stop }: BackingServers): BackingServers {
  let starting: Promise<unknown> = Promise.resolve();
  return {
    start(...order) {
      const started = start(...order);
      starting = started.catch(() => undefined);
      return started;
    },
    async stop(name) {
      await starting;
      await stop(name);
    },
  };
}

async function isOutOfRecovery(host: string, password: string): Promise<boolean> {
  const client = new pg.Client({
    host,
    port: ports.postgres,
    user: accounts.observer,
    password,
    database: 'erlmcp',
    connectionTimeoutMillis: 1_000,
    query_timeout: 1_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ recovering: boolean }>('select pg_is_in_recovery() as recovering');
    return rows[0]?.recovering === false;
  } catch {
    return false;
  } finally {
    void client.end().catch(() => {});
  }
}

/** `folder` has a file SNAPSHOT.rdb for each snapshot. */
export function createCacheServers(parts: Parts, folder: string): BackingServers {
  const { context, site, told } = parts;
  const data = join(context.directory, 'aws', 'elasticache');
  let child: Child | undefined;
  return inTurn({
    async start(name, snapshot) {
      if (child?.running()) throw new Error(`A cache runs at ${context.addresses.real(site)} already.`);
      serverFolder(join(context.directory, 'aws'), 0o755);
      rmSync(data, { recursive: true, force: true });
      serverFolder(data);
      await run(['cp', join(folder, `${snapshot}.rdb`), join(data, 'dump.rdb')], { unprivileged: true, cwd: '/' });
      // With an append-only file it would start empty.
      const settings = `${redisConfig(data, site, 'alone', context.addresses, parts.passwords())}appendonly no\n`;
      const file = serverFile(join(data, 'redis.conf'), settings);
      child = await startChild(context, `elasticache-${name}`, { command: program('redis-server'), args: [file], cwd: data, unprivileged: true });
      await until(
        async () => (await answers(context.addresses.real(site))) || !child?.running(),
        readyMs,
        () => `The cache behind ${name} did not start within ${readyMs / 1000} s. Look in logs/elasticache-${name}.log.`,
      );
      if (!child.running()) throw new Error(`The cache behind ${name} ended at its start. Look in logs/elasticache-${name}.log.`);
      return { host: told.host, port: ports.redis };
    },
    async stop() {
      await child?.stop(5_000, 'SIGKILL');
      child = undefined;
      rmSync(data, { recursive: true, force: true });
    },
  });
}

function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(ports.redis, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
