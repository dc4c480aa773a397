/** Signs in to database and cache as the plan's observers, who can read and not write: the one way in which steps, probes and checks do. Every call is bounded. */
import type { ConnectionOptions } from 'node:tls';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Endpoint, Plan, SiteId } from '../../plan/schema.ts';
import type { Tls } from '../../plan/schema/estate.ts';

/** With what a session begins. */
export interface Login {
  readonly password: string;
  /** Absent: not encrypted. */
  readonly tls?: Certificates;
}

/** PEM texts: what a server's certificate is checked against (absent: the system's own), and what is shown to it. */
interface Certificates {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What the observers log in with, where the plan has them. */
export interface StoreLogin {
  readonly database: Login;
  /** Absent where the estate has no cache. */
  readonly cache?: Login;
}

type Secret = (reference: string) => Promise<string>;

/** A connection that has signed in. */
export interface Session<Client> {
  readonly client: Client;
  /** False once it is known to be broken. */
  alive(): boolean;
  /** Nobody waits for its end: a broken connection has nothing to end. A server that is not heard of any more keeps no process alive by it, but for 2 s (ioredis). */
  end(): void;
}

/** Runs work on a new connection to the database at a site. Rejects with what the server or the network said. */
export async function withDatabase<T>(
  plan: Plan,
  site: SiteId,
  login: Login,
  timeoutMilliseconds: number,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return withSession(await openDatabase(plan, site, login, timeoutMilliseconds), work);
}

/** Runs work on a new connection to the cache at a site. Rejects with what the server or the network said. */
export async function withCache<T>(plan: Plan, site: SiteId, login: Login, timeoutMilliseconds: number, work: (redis: Redis) => Promise<T>): Promise<T> {
  return withSession(await openCache(plan, site, login, timeoutMilliseconds), work);
}

async function withSession<Client, T>(session: Session<Client>, work: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await work(session.client);
  } finally {
    session.end();
  }
}

/** Signs in to the database at a site; `timeoutMilliseconds` bounds that, and each question then. */
export async function openDatabase(plan: Plan, site: SiteId, login: Login, timeoutMilliseconds: number): Promise<Session<pg.Client>> {
  const { database } = plan.estate;
  const endpoint = plan.estate.sites[site]?.database;
  if (!endpoint) throw noAddress(site, 'database');
  const client = new pg.Client({
    host: endpoint.host,
    port: endpoint.port,
    user: database.observer.user,
    password: login.password,
    database: database.name,
    ...(login.tls ? { ssl: checked(endpoint, login.tls) } : {}),
    connectionTimeoutMillis: timeoutMilliseconds,
    query_timeout: timeoutMilliseconds,
    statement_timeout: timeoutMilliseconds,
    application_name: 'dr-observer',
    keepAlive: true,
  });
  let alive = true;
  // A connection that breaks makes the query under way fail, which is enough.
  client.on('error', () => (alive = false));
  client.on('end', () => (alive = false));
  const end = () => {
    client.end().catch(() => {});
    // The driver would wait for the server to hang up, and one in a black hole never does. Once its farewell is with the system, nobody needs the connection here.
    const { stream } = client.connection;
    stream.once('finish', () => stream.destroy());
  };
  try {
    await client.connect();
  } catch (error) {
    end();
    throw error;
  }
  return { client, alive: () => alive, end };
}

/** Signs in to the cache at a site; `timeoutMilliseconds` bounds that, and each question then. */
export async function openCache(plan: Plan, site: SiteId, login: Login, timeoutMilliseconds: number): Promise<Session<Redis>> {
  const { cache } = plan.estate;
  const endpoint = plan.estate.sites[site]?.cache;
  if (!endpoint || !cache) throw noAddress(site, 'cache');
  const redis = new Redis({
    host: endpoint.host,
    port: endpoint.port,
    // A server that knows no users has one password, and would refuse a name.
    ...(cache.observer.user === 'default' ? {} : { username: cache.observer.user }),
    password: login.password,
    ...(login.tls ? { tls: checked(endpoint, login.tls) } : {}),
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
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw reason ?? error; // the event says why; the rejection only that the connection is closed
  }
  return { client: redis, alive: () => redis.status === 'ready', end: () => redis.disconnect() };
}

/** The SQLSTATE by which a database has refused something; undefined where it was the network or the driver that failed: `EPIPE` has five letters too. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

function noAddress(site: SiteId, server: string): Error {
  return new Error(`the plan gives no address for the ${server} of ${site}`);
}

/** A certificate counts for the host as the plan writes it, be that a name or an address. */
function checked({ host }: Endpoint, certificates: Certificates): ConnectionOptions {
  return { ...certificates, host, rejectUnauthorized: true };
}

/** Logins of both observers. A `secret-missing` failure names a secret or a certificate that is not there. */
export async function storeLogin(plan: Plan, secret: Secret): Promise<StoreLogin> {
  const database = await databaseLogin(plan, secret);
  return plan.estate.cache === undefined ? { database } : { database, cache: await cacheLogin(plan, secret) };
}

export async function databaseLogin(plan: Plan, secret: Secret): Promise<Login> {
  const { observer, tls } = plan.estate.database;
  return loginOf(await secret(observer.password), tls, secret);
}

/** Rejects where the plan has no cache: nobody asks one there. */
export async function cacheLogin(plan: Plan, secret: Secret): Promise<Login> {
  const { cache } = plan.estate;
  if (!cache) throw new Error('the plan has no cache');
  return loginOf(await secret(cache.observer.password), cache.tls, secret);
}

async function loginOf(password: string, tls: Tls | undefined, secret: Secret): Promise<Login> {
  if (tls === undefined || tls === false) return { password };
  if (tls === true) return { password, tls: {} };
  const { caFile, client } = tls;
  return {
    password,
    tls: {
      // No secret, but found as one is: below the plan's folder, and named when it is missing.
      ...(caFile === undefined ? {} : { ca: await secret(`file:${caFile}`) }),
      ...(client === undefined ? {} : { cert: await secret(client.certificate), key: await secret(client.key) }),
    },
  };
}
