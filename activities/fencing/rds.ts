/**
 * Fences of an estate whose database is RDS. No agent closes such a database, and a replica of another region is asynchronous: that the old primary acknowledges nothing
 * more is never proven here, so that people are asked. Service and cache are fenced by `others`.
 */
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import { observe } from '../database/observer.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { Fence, FencingActivities, WriterState } from './port.ts';

const why = 'no agent closes an RDS instance, and its replicas of other regions are asynchronous, so it may still acknowledge writes';

/** `others` fences what is no database: it names none of RDS. */
export function createRdsFencing(dependencies: ActivityDependencies, others: FencingActivities): FencingActivities {
  const unproven = (site: SiteId): WriterState => ({ site, server: 'database', state: 'unknown', how: why });
  return {
    // Of the servers that the agent can close.
    fenceByAgent: (input) => others.fenceByAgent(input),

    async fenceDatabaseByReplication({ site }): Promise<Fence> {
      const proof = `Nothing was detached: ${why}.`;
      return { method: 'replication', proven: false, servers: [unproven(site)], proof, at: dependencies.now().toISOString() };
    },

    fenceCacheByReplication: (input) => others.fenceCacheByReplication(input),
    unfenceByAgent: (input) => others.unfenceByAgent(input),
    // No replica of the database has left its source.
    reattach: (input) => others.reattach({ ...input, standbys: [] }),

    async readWriters({ run, sites }) {
      const plan = await dependencies.planOf(run.planDigest);
      const databases = sites.filter((site) => plan.estate.sites[site]?.database !== undefined);
      return [...(await Promise.all(databases.map((site) => readWriter(dependencies, run, site)))), ...(await others.readWriters({ run, sites }))];
    },
  };
}

async function readWriter(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<WriterState> {
  const seen = await observe(dependencies, run, site);
  if (!seen.reachable) return { site, server: 'database', state: 'unknown', how: `it does not answer its observer: ${seen.reason}` };
  return seen.server.inRecovery
    ? { site, server: 'database', state: 'standby', how: 'in recovery' }
    : { site, server: 'database', state: 'writer', how: `out of recovery on timeline ${seen.server.timeline}` };
}
