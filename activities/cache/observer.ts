/** The plan's read-only login at a site's cache. */
import type { Redis } from 'ioredis';
import { milliseconds } from '../../plan/durations.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { type Unseen, unseen } from '../error-kinds.ts';
import { cacheLogin, withCache } from '../probing/stores.ts';
import { siteOf } from '../ssh/agent.ts';
import { readRedis, type RedisReading } from './redis.ts';

type Dependencies = Pick<ActivityDependencies, 'planOf' | 'secret'>;

export type CacheObservation = { readonly reachable: true; readonly server: RedisReading } | ({ readonly reachable: false } & Unseen);

/** A session of the observer at `site`; rejects when the server cannot be reached in time. */
export async function asCacheObserver<T>(dependencies: Dependencies, run: RunContext, site: SiteId, work: (redis: Redis) => Promise<T>): Promise<T> {
  const plan = await dependencies.planOf(run.planDigest);
  return withCache(plan, site, await cacheLogin(plan, dependencies.secret), milliseconds(plan.estate.detection.probeTimeout), work);
}

/** State in one session. A server that gives no answer within the plan's probe time-out is a value. */
export async function observeCache(dependencies: Dependencies, run: RunContext, site: SiteId): Promise<CacheObservation> {
  const plan = await dependencies.planOf(run.planDigest);
  if (!siteOf(plan, site).cache) return { reachable: false, reason: `the plan has no cache at ${site}`, type: 'permanent' };
  try {
    return { reachable: true, server: await asCacheObserver(dependencies, run, site, readRedis) };
  } catch (error) {
    return { reachable: false, ...unseen(error) };
  }
}
