/** Do a promoted cache and its replicas hold the same? */
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { until } from '../waiting.ts';
import { asCacheObserver } from './observer.ts';
import { readDigest } from './redis.ts';

/** Both contents stand still after a promotion, but for expiring keys; a difference that lasts so long is one. */
const agreement = { everyMilliseconds: 50, withinMilliseconds: 3_000 };

/** By digest of the whole content; by number of keys where a server does not allow `DEBUG`. */
export async function compareContents(
  dependencies: ActivityDependencies,
  run: RunContext,
  site: SiteId,
  replicas: readonly SiteId[],
): Promise<{ readonly equal: boolean; readonly how: string }> {
  const read = async (at: SiteId) => asCacheObserver(dependencies, run, at, async (redis) => ({ digest: await readDigest(redis), keys: await redis.dbsize() }));
  let how = '';
  try {
    const equal = await until(async () => {
      const [mine, ...others] = await Promise.all([site, ...replicas].map(read));
      const byDigest = mine?.digest !== undefined && others.every((other) => other.digest !== undefined);
      const same = others.every((other) => (byDigest ? other.digest === mine.digest : other.keys === mine?.keys));
      how = `${byDigest ? 'digests' : 'numbers of keys (DEBUG is not allowed)'} of ${[site, ...replicas].join(', ')} ${same ? 'are equal' : 'differ'}`;
      return same ? true : undefined;
    }, agreement);
    return { equal: equal ?? false, how };
  } catch (error) {
    throw failure(
      'transient',
      { happened: `The caches of ${[site, ...replicas].join(', ')} could not be compared.`, leftAs: `${site} is promoted.` },
      { site },
      error,
    );
  }
}
