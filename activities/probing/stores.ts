/** Signs in to database and cache as the plan's observers, who can read and not write: the one way in which steps, probes and checks do. Every call is bounded. */
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Plan, SiteId } from '../../plan/schema.ts';

export interface StoreLogin {
  readonly databasePassword: string;
  /** Absent where the estate has no cache. */
  readonly cachePassword?: string;
}

/** Runs work on a connection to the database at a site. Rejects with what the server or the network said. */
export async function withDatabase<T>(
  plan: Plan,
  site: SiteId,
  password: string,
  timeoutMilliseconds: number,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { database } = plan.estate;
  const endpoint = plan.estate.sites[site]?.database;
  if (!endpoint) throw noAddress(site, 'database');
  const client = new pg.Client({
    host: endpoint.host,
    port: endpoint.port,
    user: database.observer.user,
    password,
    database: database.name,
    ...(database.driver === 'rds' && database.tls ? { ssl: { rejectUnauthorized: true } } : {}),
    connectionTimeoutMillis: timeoutMilliseconds,
    query_timeout: timeoutMilliseconds,
    statement_timeout: timeoutMilliseconds,
    application_name: 'dr-observer',
    keepAlive: true,
  });
  client.on('error', () => {}); // a connection that breaks makes the query under way fail, which is enough
  try {
    await client.connect();
    return await work(client);
  } finally {
    void client.end().catch(() => {}); // a broken connection has nothing to end, and nobody waits for it
  }
}

/** Runs work on a connection to the cache at a site. Rejects with what the server or the network said. */
export async function withCache<T>(
  plan: Plan,
  site: SiteId,
  password: string | undefined,
  timeoutMilliseconds: number,
  work: (redis: Redis) => Promise<T>,
): Promise<T> {
  const { cache } = plan.estate;
  const endpoint = plan.estate.sites[site]?.cache;
  if (!endpoint || !cache) throw noAddress(site, 'cache');
  const redis = new Redis({
    host: endpoint.host,
    port: endpoint.port,
    // A server that knows no users has one password, and would refuse a name.
    ...(cache.observer.user === 'default' ? {} : { username: cache.observer.user }),
    ...(password === undefined ? {} : { password }),
    ...(cache.driver === 'elasticache' && cache.tls ? { tls: {} } : {}),
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: timeoutMilliseconds,
    commandTimeout: timeoutMilliseconds,
  });
  let reason: Error | undefined;
  redis.on('error', (error: Error) => (reason ??= error));
  try {
    await redis.connect().catch((error: unknown) => {
      throw reason ?? error; // the event says why; the rejection only that the connection is closed
    });
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

function noAddress(site: SiteId, server: string): Error {
  return new Error(`the plan gives no address for the ${server} of ${site}`);
}

/** What the observers log in with, where the plan has them. */
export async function storeLogin(plan: Plan, secret: (reference: string) => Promise<string>): Promise<StoreLogin> {
  const { database, cache } = plan.estate;
  const databasePassword = await secret(database.observer.password);
  return cache === undefined ? { databasePassword } : { databasePassword, cachePassword: await secret(cache.observer.password) };
}
