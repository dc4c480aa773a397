/** Sessions in the site's own Redis. */
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import type { StandInConfig } from './config.ts';
import { StoreRefusal, type EntryStore, type FrozenAt, type StoredEntry } from './outcome.ts';

const connectTimeoutMs = 600;
const commandTimeoutMs = 850;
const replicationTimeoutMs = 700;
const reconnectMs = 200;
/** Writes in flight: WAIT speaks about all earlier writes of its connection and blocks it, so each write has one to itself. */
const connectionsMax = 8;
const queueMax = 64;

const newestKey = 'session:newest';
const sessionKey = (customer: string, sequence: number) => `session:${customer}:${sequence}`;

export interface Sessions {
  readonly store: EntryStore;
  close(): void;
}

export function openSessions(config: StandInConfig['redis']): Sessions {
  const connections = Array.from({ length: connectionsMax }, () => connect(config));
  const reader = connect(config);
  const free = [...connections];
  const waiting: ((connection: Redis) => void)[] = [];

  const borrow = (): Promise<Redis> => {
    const connection = free.pop();
    if (connection) return Promise.resolve(connection);
    if (waiting.length >= queueMax) throw new StoreRefusal('unavailable', 'Redis: no connection is free.');
    return new Promise((resolve) => waiting.push(resolve));
  };
  const giveBack = (connection: Redis) => {
    const next = waiting.shift();
    if (next) next(connection);
    else free.push(connection);
  };

  return {
    store: {
      async write(customer, sequence, token) {
        const connection = await borrow();
        try {
          await writeDurably(connection, sessionKey(customer, sequence), JSON.stringify({ token, writtenAt: new Date().toISOString() }));
        } catch (error) {
          refuse(error);
        } finally {
          giveBack(connection);
        }
      },
      read: (customer, sequence, frozenAt) => readEntry(reader, sessionKey(customer, sequence), frozenAt),
      newest: (frozenAt) => readEntry(reader, newestKey, frozenAt),
      newestOf: (_customer, frozenAt) => readEntry(reader, newestKey, frozenAt),
    },
    close: () => [...connections, reader].forEach((connection) => connection.disconnect()),
  };
}

function connect(config: StandInConfig['redis']): Redis {
  const connection = new Redis({
    host: config.host,
    port: config.port,
    username: config.user,
    password: readFileSync(config.passwordFile, 'utf8').trim(),
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: () => reconnectMs,
  });
  connection.on('error', () => {});
  return connection;
}

/**
 * Acknowledged by a replica, or by this server alone where its operator requires no replica: INFO then leaves out the count of good ones
 * (a promoted server that has lost all others would else never serve again).
 */
async function writeDurably(connection: Redis, key: string, value: string): Promise<void> {
  await connection.mset(key, value, newestKey, value);
  const replicasAreRequired = /^min_slaves_good_slaves:/m.test(await connection.info('replication'));
  if (!replicasAreRequired) return;
  const acknowledged = await connection.wait(1, replicationTimeoutMs);
  if (acknowledged < 1) throw new StoreRefusal('not-replicated', `No replica of Redis confirmed the session within ${replicationTimeoutMs} ms.`);
}

async function readEntry(reader: Redis, key: string, frozenAt: FrozenAt): Promise<StoredEntry | null> {
  const value = await reader.get(key).catch(refuse);
  if (value === null) return null;
  const entry = JSON.parse(value) as StoredEntry;
  return frozenAt && new Date(entry.writtenAt) > frozenAt ? null : entry;
}

function refuse(error: unknown): never {
  if (error instanceof StoreRefusal) throw error;
  const { message } = error as Error;
  if (message.startsWith('READONLY')) throw new StoreRefusal('read-only', 'Redis at this site is a replica.');
  if (message.startsWith('NOREPLICAS')) throw new StoreRefusal('not-replicated', 'Redis has too few replicas to take writes.');
  throw new StoreRefusal('unavailable', `Redis: ${message}`);
}
