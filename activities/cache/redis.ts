/** Reads of one Redis server, by a login that can only inspect. Bounded: `connectTimeout` alone would hang behind a proxy that accepts and says nothing. */
import { Redis } from 'ioredis';

export interface RedisSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly timeoutMilliseconds: number;
}

export interface RedisReading {
  readonly role: 'primary' | 'replica';
  readonly linkUp: boolean;
  readonly lastIoAgeSeconds?: number;
  /** The stream of changes that `offset` counts in. Of a server that left its primary, that is the primary's stream still: what it has done since says nothing about who is ahead. */
  readonly stream: string;
  readonly offset: number;
  /** Keys in all, those that never expire, and those that the server has let expire by itself. */
  readonly keys: number;
  readonly lastingKeys: number;
  readonly expiredKeys: number;
}

/** One connection for several reads. Rejects when the server cannot be reached in time. */
export async function withRedis<T>(settings: RedisSettings, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({
    host: settings.host,
    port: settings.port,
    ...(settings.user === 'default' ? {} : { username: settings.user }),
    password: settings.password,
    connectTimeout: settings.timeoutMilliseconds,
    commandTimeout: settings.timeoutMilliseconds,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    lazyConnect: true,
    enableReadyCheck: false,
  });
  let broken: Error | undefined;
  redis.on('error', (error: Error) => {
    broken = error;
  });
  try {
    await redis.connect();
    return await work(redis);
  } catch (error) {
    throw broken ?? error; // "Connection is closed." says less than what closed it
  } finally {
    redis.disconnect();
  }
}

export async function readRedis(redis: Redis): Promise<RedisReading> {
  const info = (await Promise.all(['replication', 'stats', 'keyspace'].map((section) => redis.info(section)))).join('\n');
  const fields = new Map(info.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const));
  const number = (name: string) => Number(fields.get(name) ?? '0');
  const replica = fields.get('role') === 'slave';
  const linkUp = fields.get('master_link_status') === 'up';
  return {
    role: replica ? 'replica' : 'primary',
    linkUp,
    ...(replica ? { lastIoAgeSeconds: Math.max(0, number(linkUp ? 'master_last_io_seconds_ago' : 'master_link_down_since_seconds')) } : {}),
    ...positionOf(fields, replica),
    ...keysOf(fields.get('db0') ?? ''),
    expiredKeys: number('expired_keys'),
  };
}

/** `second_repl_offset` is the first position that a server which left its primary did not get from it; -1 when it never had one. */
function positionOf(fields: ReadonlyMap<string, string>, replica: boolean): Pick<RedisReading, 'stream' | 'offset'> {
  const number = (name: string) => Number(fields.get(name) ?? '0');
  if (replica) return { stream: fields.get('master_replid') ?? '', offset: number('slave_repl_offset') };
  if (number('second_repl_offset') > 0) return { stream: fields.get('master_replid2') ?? '', offset: number('second_repl_offset') - 1 };
  return { stream: fields.get('master_replid') ?? '', offset: number('master_repl_offset') };
}

/** Of a line such as `keys=120,expires=100,avg_ttl=5000`; an empty database has none. */
function keysOf(line: string): Pick<RedisReading, 'keys' | 'lastingKeys'> {
  const number = (name: string) => Number(new RegExp(`${name}=(\\d+)`).exec(line)?.[1] ?? '0');
  return { keys: number('keys'), lastingKeys: number('keys') - number('expires') };
}

/** Digest of the whole content; undefined where the server does not allow `DEBUG`. */
export async function readDigest(redis: Redis): Promise<string | undefined> {
  try {
    return String(await redis.debug('DIGEST'));
  } catch (error) {
    if (error instanceof Error && /DEBUG command not allowed|NOPERM|unknown command/i.test(error.message)) return undefined;
    throw error;
  }
}
