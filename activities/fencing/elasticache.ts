/**
 * Fences of an estate whose cache is a Global Datastore. No agent closes it, and a replica of another region is asynchronous. AWS makes an old primary a replica once its
 * region is back; nothing proves that it acknowledges nothing before, so that people are asked. Service and database are fenced by `others`.
 */
import type { SiteId } from '../../plan/schema.ts';
import { observeCache } from '../cache/observer.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { Fence, FencingActivities, WriterState } from './port.ts';

const why = 'no agent closes a replication group of ElastiCache, and those of other regions are asynchronous, so it may still acknowledge writes';

/** `others` fences what is no cache: it names none of ElastiCache. */
export function createElastiCacheFencing(dependencies: ActivityDependencies, others: FencingActivities): FencingActivities {
  const unproven = (site: SiteId): WriterState => ({ site, server: 'cache', state: 'unknown', how: why });
  return {
    // Of the servers that the agent can close.
    fenceByAgent: (input) => others.fenceByAgent(input),
    fenceDatabaseByReplication: (input) => others.fenceDatabaseByReplication(input),

    async fenceCacheByReplication({ site }): Promise<Fence> {
      const proof = `Nothing was detached: ${why}.`;
      return { method: 'replication', proven: false, servers: [unproven(site)], proof, at: dependencies.now().toISOString() };
    },

    unfenceByAgent: (input) => others.unfenceByAgent(input),
    // No replica of the cache has left its source.
    reattach: (input) => others.reattach({ ...input, replicas: [] }),

    async readWriters({ run, sites }) {
      const plan = await dependencies.planOf(run.planDigest);
      const caches = sites.filter((site) => plan.estate.sites[site]?.cache !== undefined);
      return [...(await others.readWriters({ run, sites })), ...(await Promise.all(caches.map((site) => readWriter(dependencies, run, site))))];
    },
  };
}

async function readWriter(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<WriterState> {
  const seen = await observeCache(dependencies, run, site);
  if (!seen.reachable) return { site, server: 'cache', state: 'unknown', how: `it does not answer its observer: ${seen.reason}` };
  return seen.server.role === 'replica'
    ? { site, server: 'cache', state: 'standby', how: 'replica, by its own Redis' }
    : { site, server: 'cache', state: 'writer', how: 'primary, by its own Redis' };
}
