/** The plan's read-only login at a site's cache. */
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { type Unseen, unseen } from '../error-kinds.ts';
import { siteOf } from '../ssh/programs.ts';
import { readRedis, type RedisReading } from './redis.ts';

type Dependencies = Pick<ActivityDependencies, 'planOf' | 'sessions'>;

export type CacheObservation = { readonly reachable: true; readonly server: RedisReading } | ({ readonly reachable: false } & Unseen);

/** State in one session. A server that gives no answer within the plan's probe time-out is a value. */
export async function observeCache(dependencies: Dependencies, run: RunContext, site: SiteId): Promise<CacheObservation> {
  const plan = await dependencies.planOf(run.planDigest);
  if (!siteOf(plan, site).cache) return { reachable: false, reason: `the plan has no cache at ${site}`, type: 'permanent' };
  try {
    return { reachable: true, server: await dependencies.sessions.cache(run, site, readRedis) };
  } catch (error) {
    return { reachable: false, ...unseen(error) };
  }
}
