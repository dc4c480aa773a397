/**
 * By which name PostgreSQL knows the standby of a site: its `application_name` in `synchronous_standby_names` and `pg_stat_replication`. Pure.
 * The server compares such names without regard to the case of letters, quoted or not (`pg_strcasecmp` in its syncrep.c).
 */
import type { Plan, SiteId } from '../schema.ts';

type Names = { readonly estate: { readonly sites: Readonly<Record<SiteId, Pick<Plan['estate']['sites'][string], 'database'> | undefined>> } };

/** The plan's name for the standby of a site, by default the site's id. */
export function standbyName({ estate }: Names, site: SiteId): string {
  return estate.sites[site]?.database?.standbyName ?? site;
}

/** The names of several, in their order. */
export function standbyNames(plan: Names, sites: readonly SiteId[]): readonly string[] {
  return sites.map((site) => standbyName(plan, site));
}

/** The site whose standby calls itself so; undefined for a name that the plan does not know. */
export function siteOfStandby(plan: Names, name: string): SiteId | undefined {
  return Object.keys(plan.estate.sites).find((site) => plan.estate.sites[site]?.database !== undefined && isSameStandby(standbyName(plan, site), name));
}

/** As PostgreSQL compares. */
export function isSameStandby(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
