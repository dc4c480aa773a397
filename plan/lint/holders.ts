/** Laws about who holds the epoch: that enough of them are left, and that two of them are not one. */
import { holdersOf, majorityOf, witnessesOf, witnessKey } from '../rules/holders.ts';
import type { Plan } from '../schema.ts';
import type { Witness } from '../schema/witness.ts';
import { problemIf, type Rule } from './rule.ts';

/** With so few, a site and the zone's API that go together leave no majority: the run asks people, and what they accept is no proof. */
export const epochQuorum: Rule = (plan) => {
  const all = holdersOf(plan).length;
  const left = Math.min(...plan.sites.map((site) => all - 2 - witnessesOf(plan).filter(({ region }) => standsAt(plan, site.id, region)).length));
  const needed = majorityOf(all);
  const more = witnessesMissing(all, all - left);
  return problemIf(left < needed, {
    rule: 'epoch-quorum',
    level: 'warning',
    path: ['estate', 'witnesses'],
    message: `The epoch has ${all} holders and needs ${needed}. Where a site fails and the API of the DNS zone with it, only ${left} can be reached, and a run must ask people. Name ${more} more ${more === 1 ? 'witness' : 'witnesses'} where no site stands (docs/own-estate.md), or accept this with a note.`,
  });
};

/** A witness in the region of a site is gone with it. */
function standsAt(plan: Plan, site: string, region: string): boolean {
  return site === region || (plan.sites.find(({ id }) => id === site)?.provider.includes(region) ?? false);
}

/** The fewest witnesses more, each of which is left when `gone` of the others are not, with which the majority is. */
function witnessesMissing(holders: number, gone: number): number {
  let more = 0;
  while (holders + more - gone < majorityOf(holders + more)) more += 1;
  return more;
}

/** Where a witness is written, one way for each spelling of it. A bucket's name is AWS's own in all its regions. */
function objectOf(plan: Plan, witness: Witness): string {
  return JSON.stringify([storeOf(witness.endpoint), witness.bucket, witnessKey(plan, witness)]);
}

function storeOf(endpoint: string | undefined): string {
  if (endpoint === undefined) return 'AWS';
  // Small letters, and no port where it is the one that is meant anyway.
  const { protocol, hostname, port, pathname } = new URL(endpoint);
  const host = hostname.replace(/\.$/, '');
  if (/(^|\.)amazonaws\.com$/.test(host)) return 'AWS';
  return `${protocol}//${host}:${port}${pathname.replace(/\/+$/, '')}`;
}

/** Two that are written in one place are one, and would be counted as two. */
export const epochWitnessesApart: Rule = (plan) =>
  witnessesOf(plan).flatMap((witness, index) => {
    const earlier = witnessesOf(plan).slice(0, index);
    const path = ['estate', 'witnesses', index];
    const same = earlier.find((other) => objectOf(plan, other) === objectOf(plan, witness));
    return [
      ...problemIf(
        earlier.some(({ name }) => name === witness.name),
        {
          rule: 'identities-apart',
          level: 'error',
          path: [...path, 'name'],
          message: `Two witnesses have the name ${witness.name}. Give each a name of its own.`,
        },
      ),
      ...problemIf(same !== undefined, {
        rule: 'identities-apart',
        level: 'error',
        path: [...path, 'bucket'],
        message: `The witnesses ${same?.name} and ${witness.name} are one object, and would count as two. Give each a bucket of its own, in a region of its own.`,
      }),
    ];
  });
