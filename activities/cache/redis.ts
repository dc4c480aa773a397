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
  readonly follows: string;
  readonly linkUp: boolean;
  readonly lastIoAgeSeconds?: number;
  readonly replicationId: string;
  readonly offset: number;
  readonly keys: number;
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
  const [info, keys] = await Promise.all([redis.info('replication'), redis.dbsize()]);
  const fields = new Map(info.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const));
  const number = (name: string) => Number(fields.get(name) ?? '0');
  const replica = fields.get('role') === 'slave';
  const linkUp = fields.get('master_link_status') === 'up';
  return {
    role: replica ? 'replica' : 'primary',
    follows: replica ? (fields.get('master_host') ?? 'unknown') : 'none',
    linkUp,
    ...(replica ? { lastIoAgeSeconds: Math.max(0, number(linkUp ? 'master_last_io_seconds_ago' : 'master_link_down_since_seconds')) } : {}),
    replicationId: fields.get('master_replid') ?? '',
    offset: number(replica ? 'slave_repl_offset' : 'master_repl_offset'),
    keys,
  };
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
