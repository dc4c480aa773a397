/** What one Redis server tells about itself. */
import type { Redis } from 'ioredis';
import type { CacheState } from './port.ts';

/** What the server itself tells of its state; see the port. */
export type RedisReading = Omit<Extract<CacheState, { reachable: true }>, 'site' | 'reachable' | 'standing' | 'follows'>;

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
