/** Backups of the primary with its servers' own tools: a snapshot of the cache, a base backup of the database, and from then on its log, a segment at least each second. Beside them its application and its session data, as versions in an object store. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ports, type LabSite } from './addresses.ts';
import { until } from './child.ts';
import type { LabContext } from './component.ts';
import { serverFolder } from './ownership.ts';
import type { PostgresServer } from './postgres/server.ts';
import type { RedisServer } from './redis/server.ts';
import { run } from './run.ts';
import { accounts } from './settings.ts';
import { program } from './setup/paths.ts';
import { agentPassfile } from './site/agent.ts';
import { backupFolders, siteFolders } from './site/folders.ts';
import { createTreeStore } from './trees.ts';

export interface BackupMade {
  /** Name of its folder. */
  readonly set: string;
  /** Versions of the trees that go with it. */
  readonly application: string;
  readonly sessions: string;
  readonly seconds: number;
}

export interface Backups {
  readonly folders: ReturnType<typeof backupFolders>;
  /** Storage with nothing in it. */
  prepare(): Promise<void>;
  /** Makes one of the servers that run at `site`. */
  make(site: LabSite, servers: { readonly postgres: PostgresServer; readonly redis: RedisServer }): Promise<BackupMade>;
}

export function createBackups(context: LabContext): Backups {
  const trees = createTreeStore(context);
  const folders = backupFolders(context.directory);
  const { root, base, wal, cache, restored } = folders;
  return {
    folders,
    async prepare() {
      await trees.clear();
      rmSync(root, { recursive: true, force: true });
      for (const folder of [root, base, wal, cache, restored]) serverFolder(folder, 0o755);
    },
    async make(site, { postgres: server, redis }) {
      const begun = performance.now();
      const set = `base-${readdirSync(base).length + 1}`;
      // Before the database: no moment of it is then too old for the snapshot.
      const exported = await sessionsOf(redis);
      const sessions = await trees.put('sessions', { 'sessions.json': JSON.stringify(exported) });
      const application = await trees.put('application', { 'release.json': JSON.stringify({ name: 'erlmcp' }), 'bin/erlmcp': '#!/bin/sh\n' });
      await snapshot(redis, siteFolders(context.directory, site).redis, join(cache, set));
      await server.query(`alter system set archive_timeout = '1s'`);
      await server.query(`alter system set archive_command = 'test -f "${wal}/%f" || { cp "%p" "${wal}/%f.new" && mv "${wal}/%f.new" "${wal}/%f"; }'`);
      await server.query('select pg_reload_conf()');
      const login = ['-h', context.addresses.real(site), '-p', String(ports.postgres), '-U', accounts.admin];
      const env = { ...process.env, PGPASSFILE: agentPassfile(context.directory, site) };
      await run([program('pg_basebackup'), ...login, '-D', join(base, set), '-c', 'fast', '-X', 'none'], { unprivileged: true, cwd: '/', env });
      // Its end is known by what the log says of it.
      const history = () => (existsSync(wal) ? readdirSync(wal).some((name) => name.endsWith('.backup')) : false);
      await until(
        async () => history(),
        60_000,
        () => `The log of the backup ${set} was not archived within 60 s. Look in logs/postgres-${site}.log.`,
      );
      return { set, application, sessions, seconds: (performance.now() - begun) / 1000 };
    },
  };
}

/** The sessions that the primary holds, by their keys. */
async function sessionsOf(redis: RedisServer): Promise<Readonly<Record<string, string>>> {
  return redis.as(async (client) => {
    const keys = await client.keys('session:*');
    const values = keys.length === 0 ? [] : await client.mget(keys);
    return Object.fromEntries(keys.map((key, index) => [key, values[index] ?? '']));
  });
}

/** A copy of what BGSAVE writes; it has its name when it is whole. */
async function snapshot(redis: RedisServer, folder: string, path: string): Promise<void> {
  const info = async (key: string) => new RegExp(`^${key}:(.*?)\r?$`, 'm').exec(await redis.as((client) => client.info('persistence')))?.[1];
  await redis.as((client) => client.bgsave());
  await until(
    async () => (await info('rdb_bgsave_in_progress')) === '0',
    60_000,
    () => 'The cache was not saved within 60 s. Look in logs/redis-*.log.',
  );
  if ((await info('rdb_last_bgsave_status')) !== 'ok') throw new Error('The cache could not be saved. Look in logs/redis-*.log.');
  await run(['cp', join(folder, 'dump.rdb'), `${path}.new`], { unprivileged: true, cwd: '/' });
  await run(['mv', `${path}.new`, `${path}.rdb`], { unprivileged: true, cwd: '/' });
}
