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

/** Refuses a cold start that leaves a copy of the data out, or that is to be built where nothing is restored. */
export function mustBeBuiltFromNothing(plan: Plan, { failed, source, target }: Places): void {
  const copies = databaseSites(plan, []);
  const targets = plan.sites.filter(({ id, targetOf }) => targetOf.includes('coldStart') && plan.estate.sites[id]?.restore !== undefined).map(({ id }) => id);
  const strangers = failed.filter((site) => !copies.includes(site));
  if (strangers.length > 0) throw refuse(`${strangers.join(', ')} keeps no copy of the data in the plan.`, `Name those that do: ${copies.join(', ')}.`);
  const left = copies.filter((site) => !failed.includes(site));
  if (left.length > 0)
    throw refuse(
      `${left.join(', ')} keeps a copy of the data, and was not named as failed: a failover loses less.`,
      `Fail over there; or, where it is lost too, name all of them: ${copies.join(', ')}.`,
    );
  const primary = plan.sites.find(({ role }) => role === 'primary')?.id;
  if (source !== primary) throw refuse(`${source} is named first, and customers are served at ${primary ?? 'no site'}.`, `Name ${primary ?? 'it'} first.`);
  if (!targets.includes(target))
    throw refuse(
      `${target} is not a target of coldStart that can restore.`,
      `Choose among ${targets.join(', ') || 'no site of the plan: name one in targetOf, and where it restores in estate.sites.<site>.restore'}.`,
    );
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
