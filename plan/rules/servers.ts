/** Which kinds of server an estate has, and who may write. Pure. */
import type { Plan, SiteId } from '../schema.ts';

/** A kind of server that holds data. */
export type ServerKind = 'database' | 'cache';

/** Kinds of server that hold data: the database, and the cache where the estate has one. */
export function serversOf(plan: Pick<Plan, 'estate'>): readonly ServerKind[] {
  return plan.estate.cache === undefined ? ['database'] : ['database', 'cache'];
}

/** Kinds of server that the plan has at a site; none at a site that it does not know. */
export function serversAt(plan: Pick<Plan, 'estate'>, site: SiteId): readonly ServerKind[] {
  return serversOf(plan).filter((server) => plan.estate.sites[site]?.[server] !== undefined);
}

/** Kinds that the agent of a site can close; what AWS runs is closed by no agent. */
export function closedByAgents({ estate }: Pick<Plan, 'estate'>): readonly ServerKind[] {
  return [...(estate.database.driver === 'postgresql' ? ['database' as const] : []), ...(estate.cache?.driver === 'redis' ? ['cache' as const] : [])];
}

/** Servers of a site that its own agent can close. */
export function closableAt(plan: Pick<Plan, 'estate'>, site: SiteId): readonly ServerKind[] {
  const closable = closedByAgents(plan);
  return serversAt(plan, site).filter((server) => closable.includes(server));
}

/** Of one kind of server, where it can write and where that is not known. */
export interface Writers {
  readonly server: ServerKind;
  readonly sites: readonly SiteId[];
  readonly unknown: readonly SiteId[];
}

export function writersOf(
  kinds: readonly ServerKind[],
  servers: readonly { readonly site: SiteId; readonly server: ServerKind; readonly state: string }[],
): readonly Writers[] {
  const sites = (kind: ServerKind, state: string) => servers.flatMap((entry) => (entry.server === kind && entry.state === state ? [entry.site] : []));
  return kinds.map((server) => ({ server, sites: sites(server, 'writer'), unknown: sites(server, 'unknown') }));
}

/** As it should be: one server of each kind, and nothing that nobody knows. */
export function oneOfEach(writers: readonly Writers[]): boolean {
  return writers.every(({ sites, unknown }) => sites.length === 1 && unknown.length === 0);
}
