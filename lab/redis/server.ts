/** Redis of one site as a component. */
import { readdirSync, readlinkSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import type { LabSite } from '../addresses.ts';
import { ports } from '../addresses.ts';
import { startChild, until, type Child } from '../child.ts';
import type { LabContext } from '../component.ts';
import type { Passwords } from '../golden.ts';
import { serverFile, serverFolder } from '../ownership.ts';
import { killTree } from '../process-tree.ts';
import { cacheAccounts } from '../settings.ts';
import { program } from '../setup/paths.ts';
import { siteFolders } from '../site/folders.ts';
import type { Freezable, SiteServer } from '../site/server.ts';
import { redisConfig } from './config.ts';

export interface RedisServer extends SiteServer, Freezable {
  /** An empty server that follows `upstream`, or a primary; one that stands alone waits for no replica. It must not run. */
  prepare(upstream: LabSite | null | 'alone'): void;
  /** Runs `use` on a connection of the administrator. */
  as<Result>(use: (client: Redis) => Promise<Result>): Promise<Result>;
}

export function createRedis(context: LabContext, site: LabSite, passwords: () => Passwords): RedisServer {
  const name = `redis-${site}`;
  const { redis: folder, restore } = siteFolders(context.directory, site);
  const host = context.addresses.real(site);
  let child: Child | undefined;
  // One that site-restore has started is no child of the lab: it is found by its folder, and its settings stand beside that, which is renamed.
  let settings = join(folder, 'redis.conf');
  const running = () => (child?.running() ?? false) || serversIn(folder).length > 0;
  const end = async (): Promise<void> => {
    await child?.stop(2_000, 'SIGKILL');
    await Promise.all(serversIn(folder).map((pid) => killTree(pid)));
  };

  const as = async <Result>(use: (client: Redis) => Promise<Result>): Promise<Result> => {
    const client = new Redis({
      host,
      port: ports.redis,
      username: cacheAccounts.admin,
      password: passwords().admin,
      lazyConnect: true,
      connectTimeout: 1_000,
      commandTimeout: 3_000,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      return await use(client);
    } finally {
      client.disconnect();
    }
  };
  const check = async (): Promise<string | null> => {
    if (!running()) return `Redis of ${site} does not run.`;
    try {
      await as((client) => client.ping());
      return null;
    } catch (error) {
      return `Redis of ${site} does not answer: ${(error as Error).message}.`;
    }
  };

  return {
    name,
    as,
    check,
    prepare(upstream) {
      for (const name of besides(folder)) rmSync(name, { recursive: true, force: true });
      serverFolder(folder);
      settings = join(upstream === 'alone' ? restore : folder, 'redis.conf');
      serverFile(settings, redisConfig(folder, site, upstream, context.addresses, passwords()));
    },
    async start() {
      if (running()) return;
      child = await startChild(context, name, { command: program('redis-server'), args: [settings], cwd: folder, unprivileged: true });
      await until(
        async () => (await check()) === null || !child?.running(),
        60_000,
        () => `Redis of ${site} did not start within 60 s. Look in logs/${name}.log.`,
      );
      if (!child.running()) throw new Error(`Redis of ${site} ended at its start. Look in ${join(context.directory, 'logs', `${name}.log`)}.`);
    },
    stop: end,
    kill: end,
    freeze: () => child?.signal('SIGSTOP'),
    thaw: () => child?.signal('SIGCONT'),
    running,
  };
}

/** The folder, and what site-restore has put beside it. */
function besides(folder: string): readonly string[] {
  return readdirSync(dirname(folder)).flatMap((name) => (name.startsWith(basename(folder)) ? [join(dirname(folder), name)] : []));
}

/** Numbers of the processes that work in the folder. */
function serversIn(folder: string): readonly number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && workingFolder(name) === folder).map(Number); // prettier-ignore
}

function workingFolder(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null; // It has ended.
  }
}
