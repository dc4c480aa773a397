/**
 * Fences of an estate of which nobody closes one kind of server: no agent can, and its replicas are asynchronous. That its old primary acknowledges nothing more is never
 * proven here, so that people are asked. Everything else is fenced by others.
 */
import { type ServerKind, serversAt } from '../../plan/rules/servers.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { Fence, FencingActivities, WriterState } from './port.ts';

export interface Unclosable<Server> {
  readonly server: ServerKind;
  /** Why it may still acknowledge writes, as the end of a sentence. */
  readonly why: string;
  /** Its state, by its observer. */
  observe(
    dependencies: ActivityDependencies,
    run: RunContext,
    site: SiteId,
  ): Promise<{ readonly reachable: true; readonly server: Server } | { readonly reachable: false; readonly reason: string }>;
  judge(server: Server): Pick<WriterState, 'state' | 'how'>;
}

/** `others` fences the servers of the other kind, and knows none of this one. */
export function withUnclosable<Server>(
  dependencies: ActivityDependencies,
  others: FencingActivities,
  { server, why, observe, judge }: Unclosable<Server>,
): FencingActivities {
  const fence = async ({ site }: { readonly site: SiteId }): Promise<Fence> => ({
    method: 'replication',
    proven: false,
    servers: [{ site, server, state: 'unknown', how: why }],
    proof: `Nothing was detached: ${why}.`,
    at: dependencies.now().toISOString(),
  });
  const readWriter = async (run: RunContext, site: SiteId): Promise<WriterState> => {
    const seen = await observe(dependencies, run, site);
    if (!seen.reachable) return { site, server, state: 'unknown', how: `it does not answer its observer: ${seen.reason}` };
    return { site, server, ...judge(seen.server) };
  };
  return {
    ...others,
    ...(server === 'database' ? { fenceDatabaseByReplication: fence } : { fenceCacheByReplication: fence }),
    // None of its replicas has left its source.
    reattach: (input) => others.reattach({ ...input, ...(server === 'database' ? { standbys: [] } : { replicas: [] }) }),

    async readWriters({ run, sites }) {
      const plan = await dependencies.planOf(run.planDigest);
      const having = sites.filter((site) => serversAt(plan, site).includes(server));
      const own = await Promise.all(having.map((site) => readWriter(run, site)));
      const rest = await others.readWriters({ run, sites });
      return server === 'database' ? [...own, ...rest] : [...rest, ...own];
    },
  };
}
