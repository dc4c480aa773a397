/** Do a promoted cache and its replicas hold the same, as far as an observer can tell? */
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { storeErrorType } from '../error-kinds.ts';
import { failure } from '../errors.ts';
import { until } from '../waiting.ts';
import type { Comparison } from './port.ts';
import { readRedis } from './redis.ts';

/** Both contents stand still after a promotion, but for expiring keys; a difference that lasts so long is one. */
const agreement = { everyMilliseconds: 50, withinMilliseconds: 3_000 };

/** Counts keys, all of them and those that never expire. An observer has no right to a value, and a digest of the whole content takes `DEBUG`, which no observer should have. */
export async function compareContents(dependencies: ActivityDependencies, run: RunContext, site: SiteId, replicas: readonly SiteId[]): Promise<Comparison> {
  if (replicas.length === 0) return { by: 'nothing', why: 'no replica follows' };
  const read = async (at: SiteId) => {
    const { keys, lastingKeys } = await dependencies.sessions.cache(run, at, readRedis);
    return { site: at, all: keys, lasting: lastingKeys };
  };
  let keys: Extract<Comparison, { by: 'numbers of keys' }>['keys'] = [];
  try {
    const equal = await until(async () => {
      keys = await Promise.all([site, ...replicas].map(read));
      return keys.every(({ all, lasting }) => all === keys[0]?.all && lasting === keys[0].lasting) ? true : undefined;
    }, agreement);
    return { by: 'numbers of keys', equal: equal ?? false, keys };
  } catch (error) {
    throw failure(
      storeErrorType(error),
      { happened: `The caches of ${[site, ...replicas].join(', ')} could not be compared.`, leftAs: `${site} is promoted.` },
      { site },
      error,
    );
  }
}
