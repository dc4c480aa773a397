/** Who restores a store at a site. Pure. */
import type { Plan, SiteId } from '../schema.ts';
import type { SnapshotStore } from './snapshots.ts';

/** A program at the site's host, or a service of AWS. */
export type Restorer = 'site-restore' | 'rds' | 'elasticache';

export function restorerOf({ estate }: Pick<Plan, 'estate'>, site: SiteId, store: 'database' | SnapshotStore): Restorer {
  const restore = estate.sites[site]?.restore;
  if (store === 'database') return restore?.database.rds === undefined ? 'site-restore' : 'rds';
  if (store !== 'cache') return 'site-restore';
  return restore?.cache?.elasticache === undefined ? 'site-restore' : 'elasticache';
}

/** The database is restored by site-restore at a host of the site, and with it all else. */
export function isRestoredByHost({ estate }: Pick<Plan, 'estate'>, site: SiteId): boolean {
  return estate.sites[site]?.restore !== undefined && restorerOf({ estate }, site, 'database') === 'site-restore';
}
