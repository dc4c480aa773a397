/** Redis of one site as a component. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { LabSite } from '../addresses.ts';
import { ports } from '../addresses.ts';
import { startChild, until, type Child } from '../child.ts';
import type { LabContext } from '../component.ts';
import type { Passwords } from '../golden.ts';
import { serverFile, serverFolder } from '../ownership.ts';
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
  const folder = siteFolders(context.directory, site).redis;
  const host = context.addresses.real(site);
  let child: Child | undefined;

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
    if (!child?.running()) return `Redis of ${site} does not run.`;
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
      rmSync(folder, { recursive: true, force: true });
      serverFolder(folder);
      serverFile(join(folder, 'redis.conf'), redisConfig(folder, site, upstream, context.addresses, passwords()));
    },
    async start() {
      if (child?.running()) return;
      child = await startChild(context, name, { command: program('redis-server'), args: [join(folder, 'redis.conf')], cwd: folder, unprivileged: true });
      await until(
        async () => (await check()) === null || !child?.running(),
        60_000,
        () => `Redis of ${site} did not start within 60 s. Look in logs/${name}.log.`,
      );
      if (!child.running()) throw new Error(`Redis of ${site} ended at its start. Look in ${join(context.directory, 'logs', `${name}.log`)}.`);
    },
    stop: async () => child?.stop(2_000, 'SIGKILL'),
    kill: async () => child?.stop(2_000, 'SIGKILL'),
    freeze: () => child?.signal('SIGSTOP'),
    thaw: () => child?.signal('SIGCONT'),
    running: () => child?.running() ?? false,
  };
}
