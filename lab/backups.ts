/** Backups of the primary's database with PostgreSQL's own tools: a base backup, and from then on the log, a segment at least each second. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ports, type LabSite } from './addresses.ts';
import { until } from './child.ts';
import type { LabContext } from './component.ts';
import { serverFolder } from './ownership.ts';
import type { PostgresServer } from './postgres/server.ts';
import { run } from './run.ts';
import { accounts } from './settings.ts';
import { program } from './setup/paths.ts';
import { agentPassfile } from './site/agent.ts';
import { backupFolders } from './site/folders.ts';

export interface BackupMade {
  /** Name of its folder. */
  readonly set: string;
  readonly seconds: number;
}

export interface Backups {
  /** Storage with nothing in it. */
  prepare(): void;
  /** Makes one of the database that runs at `site`. */
  make(site: LabSite, server: PostgresServer): Promise<BackupMade>;
}

export function createBackups(context: LabContext): Backups {
  const { root, base, wal, restored } = backupFolders(context.directory);
  return {
    prepare() {
      rmSync(root, { recursive: true, force: true });
      for (const folder of [root, base, wal, restored]) serverFolder(folder, 0o755);
    },
    async make(site, server) {
      const begun = performance.now();
      const set = `base-${readdirSync(base).length + 1}`;
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
      return { set, seconds: (performance.now() - begun) / 1000 };
    },
  };
}
