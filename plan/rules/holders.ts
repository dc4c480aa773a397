/** Who holds the epoch of an estate, and how many of them must: by the plan alone, whoever is declared failed. Pure; why: docs/decisions/015-who-holds-the-epoch.md. */
import type { Witness } from '../schema/witness.ts';
import type { Plan, SiteId } from '../schema.ts';

/** Something that keeps the highest epoch it was given, and takes a higher one, or the same one of the same run, and nothing else. `called` is its name for people, and unique. */
export type Holder =
  | { readonly kind: 'site'; readonly site: SiteId; readonly called: string }
  | { readonly kind: 'zone'; readonly called: string }
  | { readonly kind: 'witness'; readonly witness: string; readonly called: string };

export const zone: Holder = { kind: 'zone', called: 'the DNS zone' };

export function siteHolder(site: SiteId): Holder {
  return { kind: 'site', site, called: site };
}

export function witnessHolder(witness: string): Holder {
  return { kind: 'witness', witness, called: `the witness ${witness}` };
}

/** All sites of the plan, the DNS zone, and the plan's witnesses. */
export function holdersOf(plan: Plan): readonly Holder[] {
  return [...plan.sites.map(({ id }) => siteHolder(id)), zone, ...witnessesOf(plan).map(({ name }) => witnessHolder(name))];
}

export function witnessesOf(plan: Plan): readonly Witness[] {
  return plan.estate.witnesses ?? [];
}

/** More than half of so many holders: any two majorities share one. */
export function majorityOf(holders: number): number {
  return Math.floor(holders / 2) + 1;
}

/** Key of a witness's object where the plan names none. */
export function witnessKey(plan: Plan, witness: Pick<Witness, 'key'>): string {
  return witness.key ?? `dr-epoch/${plan.estate.name}`;
}
