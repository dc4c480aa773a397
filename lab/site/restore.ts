/** A site that has nothing but backups: site-restore with its key, and the server that it restores and starts. */
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { ports, type LabSite } from '../addresses.ts';
import type { LabContext } from '../component.ts';
import type { GoldenCopy } from '../golden.ts';
import { giveToServers, serverFile, serverFolder } from '../ownership.ts';
import { dropSharedMemory } from '../postgres/shared-memory.ts';
import { isRunning, killTree } from '../process-tree.ts';
import { accounts, databaseName } from '../settings.ts';
import { postgresBin, program } from '../setup/paths.ts';
import { storeCredentials, storeRegion, treeBuckets, treeKeyFile, treeNames } from '../trees.ts';
import { agentPassfile } from './agent.ts';
import { backupFolders, siteFolders } from './folders.ts';
import type { SiteServer } from './server.ts';

export interface RestoredServer extends SiteServer {
  /** Its processes that answer for a data folder. */
  ids(): readonly number[];
  /** A host on which nothing was restored. Its server must not run. */
  prepare(golden: GoldenCopy): Promise<void>;
}

/** System identifier of a data folder: the first eight bytes of its control file, in every version. */
export function systemIdentifier(pgdata: string): string {
  return readFileSync(join(pgdata, 'global', 'pg_control'))
    .readBigUInt64LE(0)
    .toString();
}

/** What a site's SSH server runs for the key of restores. */
export function restoreCommand(labDirectory: string, site: LabSite): string {
  const { restore } = siteFolders(labDirectory, site);
  return `${join(restore, 'site-restore')} ${join(restore, 'restore.conf')}`;
}

/** The server is started by site-restore, and is no child of the lab: it is found by its own file. */
export function createRestored(context: LabContext, site: LabSite): RestoredServer {
  const folders = siteFolders(context.directory, site);
  const ids = (): readonly number[] =>
    dataFolders(folders.root, folders.pgdata).flatMap((folder) => {
      const file = join(folder, 'postmaster.pid');
      const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0;
      return pid > 1 && isServerOf(pid, folders.root) ? [pid] : [];
    });
  const kill = async () => void (await Promise.all(ids().map((pid) => killTree(pid))));
  return {
    name: `restored-${site}`,
    async prepare(golden) {
      await kill();
      for (const folder of dataFolders(folders.root, folders.pgdata)) {
        await dropSharedMemory(folder);
        rmSync(folder, { recursive: true, force: true });
      }
      rmSync(join(folders.root, 'trees'), { recursive: true, force: true });
      serverFolder(folders.sockets);
      for (const folder of Object.values(folders.trees)) serverFolder(folder, 0o755);
      serverFolder(folders.restore, 0o755);
      const script = join(folders.restore, 'site-restore');
      copyFileSync(join(context.repository, 'site-agent', 'site-restore'), script);
      chmodSync(script, 0o755);
      giveToServers(script);
      serverFile(join(folders.restore, 'access'), serviceAccess());
      serverFile(join(folders.restore, 's3'), `${storeCredentials.accessKeyId}\n${storeCredentials.secretAccessKey}\n`);
      for (const [name, lines] of Object.entries(applicationPrograms(site))) serverFile(join(folders.restore, name), `#!/bin/sh\n${lines}\n`, 0o755);
      serverFile(join(folders.restore, 'redis-password'), `${golden.passwords.admin}\n`);
      serverFile(join(folders.restore, 'restore.conf'), restoreConf(context, site, systemIdentifier(golden.pgdata)), 0o644);
    },
    // Nothing runs before something is restored.
    start: async () => undefined,
    check: async () => null,
    stop: kill,
    kill,
    running: () => ids().length > 0,
    ids,
  };
}

function treeSettings({ addresses: { moto }, directory }: LabContext, site: LabSite): Readonly<Record<string, string>> {
  const { restore, trees } = siteFolders(directory, site);
  return {
    TREES: treeNames.join(' '),
    APPLICATION_FROM: `s3://${treeBuckets.application}`,
    SESSIONS_FROM: `s3://${treeBuckets.sessions}`,
    APPLICATION_TO: trees.application,
    SESSIONS_TO: trees.sessions,
    APPLICATION_KEY: treeKeyFile(directory),
    APPLICATION_CONFIGURE: join(restore, 'configure-application'),
    APPLICATION_TEST: join(restore, 'test-application'),
    APPLICATION_RELOAD: join(restore, 'reload-application'),
    S3_ENDPOINT: `http://${moto.host}:${moto.port}`,
    S3_REGION: storeRegion,
    S3_CREDENTIALS: join(restore, 's3'),
  };
}

/** That of the site, and what site-restore has put beside it. */
function dataFolders(root: string, pgdata: string): readonly string[] {
  return existsSync(root) ? readdirSync(root).flatMap((name) => (join(root, name).startsWith(pgdata) ? [join(root, name)] : [])) : [];
}

/** A stale file names a process of somebody else. */
function isServerOf(pid: number, root: string): boolean {
  return isRunning(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(root);
}

/** Lines of pg_hba.conf for the site's own service, until people accept. */
function serviceAccess(): string {
  return `host ${databaseName} ${accounts.service} samehost scram-sha-256\n`;
}

/** What site-restore calls for the application: its settings for this site, their test, and what has it read again, which the stand-in does at each answer. */
function applicationPrograms(site: LabSite): Readonly<Record<string, string>> {
  return {
    'configure-application': `echo '{"site":"${site}"}' >"$1/site.json"`,
    'test-application': '[ -s "$1/release.json" ] && [ -s "$1/site.json" ] || { echo "release.json or site.json is missing in $1"; exit 1; }',
    'reload-application': ':',
  };
}

function restoreConf(context: LabContext, site: LabSite, identifier: string): string {
  const { addresses, directory } = context;
  const folders = siteFolders(directory, site);
  const backups = backupFolders(directory);
  const values: Record<string, string> = {
    SITE: site,
    HOST: hostname(),
    STATE_DIR: folders.agentState,
    RESTORE_TOOL: 'files',
    BACKUPS: backups.root,
    PG_SYSTEM_IDENTIFIER: identifier,
    ARCHIVE_TO: backups.restored,
    PG_BIN: postgresBin,
    PG_DATA: folders.pgdata,
    PG_PORT: String(ports.postgres),
    PG_SOCKETS: folders.sockets,
    PG_LISTEN: addresses.real(site),
    SERVICE_LISTEN: addresses.real(site),
    SERVICE_ACCESS: join(folders.restore, 'access'),
    PG_ADMIN_USER: accounts.admin,
    PG_PASSFILE: agentPassfile(directory, site),
    PG_DATABASE: databaseName,
    HEARTBEAT_TABLE: 'dr_heartbeat',
    CACHE_BACKUPS: backups.cache,
    CACHE_DIR: folders.redis,
    CACHE_CONF: join(folders.restore, 'redis.conf'),
    CACHE_ADDRESS: addresses.real(site),
    CACHE_PORT: String(ports.redis),
    CACHE_PASSFILE: join(folders.restore, 'redis-password'),
    ...treeSettings(context, site),
    REDIS_BIN: dirname(program('redis-server')),
  };
  return `${Object.entries(values)
    .map(([name, value]) => `${name}='${value}'`)
    .join('\n')}\n`;
}
