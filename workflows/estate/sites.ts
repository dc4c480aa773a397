/** Which sites of a plan play which part in a recovery. Pure. */
import type { Plan, SiteId } from '../../plan/schema.ts';

/** All sites but the failed one; each has an agent that can bear witness. */
export function otherSites(plan: Plan, failed: SiteId): SiteId[] {
  return plan.sites.map((site) => site.id).filter((site) => site !== failed);
}

/** Sites that keep a copy of the database, without the failed one. */
export function databaseSites(plan: Plan, failed: SiteId): SiteId[] {
  return otherSites(plan, failed).filter((site) => plan.estate.sites[site]?.database !== undefined);
}

/** Sites that keep a copy of the cache, without the failed one. */
export function cacheSites(plan: Plan, failed: SiteId): SiteId[] {
  return otherSites(plan, failed).filter((site) => plan.estate.sites[site]?.cache !== undefined);
}

/** Sites that own a traffic switch, without the failed one. */
export function switchSites(plan: Plan, failed: SiteId): SiteId[] {
  return otherSites(plan, failed).filter((site) => plan.estate.sites[site]?.switch !== undefined);
}
