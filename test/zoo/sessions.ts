/** Every kind of key and session that the zoo knows, and how a customer writes with each. */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
/** Where customers write. */
export interface Ground<Site> {
  address(site: Site): string;
  sql(site: Site, statement: string, database: string): string;
  /** Of its caches, where customers write there: the agent's login, and a command. */
  readonly caches?: {
    login(site: Site): { readonly username?: string; readonly password: string };
    command(site: Site, ...words: readonly string[]): string;
  };
}

/** How a customer comes in, and what he does there. */
export interface Key {
  readonly name: string;
  readonly store: 'database' | 'cache';
  /** Role of the database; caches are entered as the agent does. */
  readonly user?: string;
  /** Those of the test estates where none is given. */
  readonly password?: string;
  readonly database?: string;
  /** A session that stays; else each write comes in anew. */
  readonly stays: boolean;
  /** A connection for logical replication, which runs SQL as well. */
  readonly replication?: 'database';
  /** Said at the beginning of each session. */
  readonly begins?: string;
  readonly way?: 'transaction open until the fence' | 'pipelined' | 'cancels' | 'MULTI' | 'script' | 'WAIT';
  /** A client's own doing by which it goes around the wait for standbys: what a proof by replication assumes that nobody does. A fence by the agent ends these too. */
  readonly aroundTheWait?: boolean;
}

const service = { store: 'database', user: 'erlmcp', stays: true } as const;
const atCache = { store: 'cache', stays: true } as const;

/** Those that each passage takes along. */
export const everyKey: readonly Key[] = [
  { ...service, name: 'service, pooled' },
  { ...service, name: 'service, new each time', stays: false },
  { ...service, name: 'administrator in the application´s database', user: 'dr_admin' },
  { ...service, name: 'replication with SQL', user: 'dr_repl', replication: 'database' },
  { ...service, name: 'service that does not wait for standbys', begins: 'set synchronous_commit = local', aroundTheWait: true },
  { ...service, name: 'service that does not wait for its own disk', begins: 'set synchronous_commit = off', aroundTheWait: true },
];

/** What a draw chooses from besides. */
export const furtherKeys: readonly Key[] = [
  { ...service, name: 'superuser', user: 'chief' },
  { ...service, name: 'role by membership', user: 'clerk' },
  { ...service, name: 'transaction that commits after the fence began', way: 'transaction open until the fence' },
  { ...service, name: 'statements in a pipeline', way: 'pipelined' },
  { ...service, name: 'service that cancels a COMMIT which waits', way: 'cancels', aroundTheWait: true },
  { ...atCache, name: 'cache, pooled' },
  { ...atCache, name: 'cache, new each time', stays: false },
  { ...atCache, name: 'cache by MULTI', way: 'MULTI' },
  { ...atCache, name: 'cache by script', way: 'script' },
];

/** The one whose writes to the cache are promised to be at the target: it counts those only that a replica has. */
export const cacheByWait: Key = { ...atCache, name: 'cache with WAIT', way: 'WAIT' };

/** What a session needs of its customer. */
export interface Customer {
  /** A new one for each write. */
  readonly token: () => string;
  readonly acknowledged: (token: string) => void;
  /** Everything is done but the COMMIT. */
  readonly holds: () => void;
  readonly fenceBegan: Promise<void>;
}

export interface Session {
  /** Sends one write, or some, and returns when all have an answer. */
  write(customer: Customer): Promise<void>;
  /** At once, whatever is under way. */
  close(): void;
}

/** Opens a session; throws when the server lets nobody in. */
export function openSession<Site>(ground: Ground<Site>, site: Site, key: Key): Promise<Session> {
  return key.store === 'cache' ? openCache(ground, site, key) : openDatabase(ground, site, key);
}

/** Where what was acknowledged is looked for. */
export const prefix = 'adversary-';

async function openDatabase<Site>(ground: Ground<Site>, site: Site, key: Key): Promise<Session> {
  const at = { host: ground.address(site), port: 5432, password: key.password ?? 'test-only', database: key.database ?? 'app' };
  const client = new pg.Client({
    ...{ ...at, user: key.user, connectionTimeoutMillis: 1_000, query_timeout: 1_500, pipeline: key.way === 'pipelined' },
    ...(key.replication === undefined ? {} : { replication: key.replication }),
  });
  client.on('error', () => undefined);
  const close = () => void client.end().catch(() => undefined);
  try {
    await client.connect();
    if (key.begins !== undefined) await client.query(key.begins);
  } catch (error) {
    close();
    throw error;
  }
  return { write: (customer) => writeRow(client, key, customer, at), close };
}

const insert = (token: string) =>
  `insert into payments (customer, sequence, token) values ('seed-1', ${-1_000_000 - Number(token.slice(token.lastIndexOf('-') + 1))}, '${token}')`;

async function writeRow(
  client: pg.Client,
  key: Key,
  { token, acknowledged, holds, fenceBegan }: Customer,
  at: { readonly host: string; readonly port: number },
): Promise<void> {
  const one = async () => {
    const word = token();
    await client.query(insert(word));
    acknowledged(word);
  };
  if (key.way === 'pipelined') await Promise.all([one(), one(), one(), one()]);
  else if (key.way === 'transaction open until the fence') {
    const word = token();
    await client.query(`begin; ${insert(word)}`);
    holds();
    await fenceBegan;
    await pause(30);
    await client.query('commit');
    acknowledged(word);
  } else if (key.way === 'cancels') await cancelling(client, at, one);
  else await one();
}

/** As drivers do it when a statement takes longer than their user allows: by a connection of its own, which says whose. */
async function cancelling(client: pg.Client, at: { readonly host: string; readonly port: number }, one: () => Promise<void>): Promise<void> {
  const { processID, secretKey } = client as unknown as { readonly processID: number; readonly secretKey: number };
  const request = Buffer.alloc(16);
  for (const [index, word] of [16, 80_877_102, processID, secretKey].entries()) request.writeInt32BE(word, index * 4);
  const timer = setTimeout(
    () =>
      connect(at.port, at.host, () => undefined)
        .on('error', () => undefined)
        .end(request),
    150,
  );
  try {
    await one();
  } finally {
    clearTimeout(timer);
  }
}

async function openCache<Site>(ground: Ground<Site>, site: Site, key: Key): Promise<Session> {
  const client = new Redis({
    ...{ host: ground.address(site), port: 6379, lazyConnect: true, connectTimeout: 1_000, commandTimeout: 1_500 },
    ...{ maxRetriesPerRequest: 0, retryStrategy: () => null },
    ...ground.caches?.login(site),
  });
  client.on('error', () => undefined);
  const close = () => client.disconnect();
  try {
    await client.connect();
  } catch (error) {
    close();
    throw error;
  }
  return { write: (customer) => writeKey(client, key, customer), close };
}

async function writeKey(client: Redis, key: Key, { token, acknowledged }: Customer): Promise<void> {
  const word = token();
  if (key.way === 'MULTI') {
    for (const [error] of (await client.multi().set(word, '1').incr(`${prefix}counter`).exec()) ?? [[new Error('nothing was carried out')]])
      if (error) throw error;
  } else if (key.way === 'script') await client.eval("redis.call('incr', KEYS[2]) return redis.call('set', KEYS[1], '1')", 2, word, `${prefix}counter`);
  else await client.set(word, '1');
  if (key.way === 'WAIT' && (await client.wait(1, 500)) < 1) return;
  acknowledged(word);
}
