/** Which sites of a plan play which part in a recovery. Pure. */
import type { Places } from '../../plan/rules/places.ts';
import type { Plan, ProcedureName, SiteId } from '../../plan/schema.ts';
import { refuse } from '../engine/opening.ts';

/** All sites but the failed ones; each has an agent that can bear witness. */
export function otherSites(plan: Plan, failed: readonly SiteId[]): SiteId[] {
  return plan.sites.map((site) => site.id).filter((site) => !failed.includes(site));
}

/** Sites that keep a copy of the database, without the failed ones. */
export function databaseSites(plan: Plan, failed: readonly SiteId[]): SiteId[] {
  return otherSites(plan, failed).filter((site) => plan.estate.sites[site]?.database !== undefined);
}

/** Sites that keep a copy of the cache, without the failed ones. */
export function cacheSites(plan: Plan, failed: readonly SiteId[]): SiteId[] {
  return otherSites(plan, failed).filter((site) => plan.estate.sites[site]?.cache !== undefined);
}

/** Sites that own a traffic switch, without the failed ones. */
export function switchSites(plan: Plan, failed: readonly SiteId[]): SiteId[] {
  return otherSites(plan, failed).filter((site) => plan.estate.sites[site]?.switch !== undefined);
}

/** Refuses sites that are not in the plan, and a target that is none for this procedure. */
export function mustLeadElsewhere(plan: Plan, procedure: ProcedureName, { source, target }: Places): void {
  const sites = plan.sites.map((site) => site.id);
  const targets = plan.sites.filter((site) => (site.targetOf as readonly string[]).includes(procedure)).map((site) => site.id);
  for (const site of [source, target]) {
    if (!sites.includes(site)) throw refuse(`The plan has no site "${site}".`, `Choose among ${sites.join(', ')}.`);
  }
  if (source === target) throw refuse(`${source} cannot be its own target.`, `Choose another target among ${targets.join(', ')}.`);
  if (!targets.includes(target)) throw refuse(`${target} is not a target of ${procedure} in the plan.`, `Choose among ${targets.join(', ')}.`);
}
