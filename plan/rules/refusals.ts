/** What a failover will ask of each site's agent, so that it can be asked before anything is changed: whatever a verb refuses, it refuses then. Pure. */
import type { Plan, SiteId } from '../schema.ts';
import { closableAt, type ServerKind } from './servers.ts';

/** What a site is in a failover: the one that is lost, or one that is left. */
export type PartInFailover = 'lost' | 'survivor';

/** A verb that an agent would refuse, and why, as a sentence. `argument` is the site that it would be told to follow. */
export interface Refusal {
  readonly verb: string;
  readonly argument?: SiteId;
  readonly reason: string;
}

/** What an agent says of the verbs that it will be sent. */
export interface Refusals {
  readonly site: SiteId;
  /** Why it could not be asked, as the end of a sentence; `silent` when nobody answered. Absent when it told. It rules nobody out: people are told, and decide. */
  readonly notAsked?: { readonly silent: boolean; readonly reason: string };
  readonly refused: readonly Refusal[];
  /** What would be done, and be less than it should be. */
  readonly exceptions: readonly string[];
}

/** The verbs as `check` of the agent takes them: `VERB` or `VERB=ARGUMENT`. */
export function verbsFor(plan: Plan, site: SiteId, part: PartInFailover, lost: SiteId): readonly string[] {
  const servers = closableAt(plan, site);
  if (part === 'lost') return [...servers.map((server) => `${server}-close`), 'service-stop'];
  const mayTakeOver = plan.sites.find((entry) => entry.id === site)?.targetOf.includes('regionalFailover') ?? false;
  const throws = plan.estate.sites[site]?.switch === undefined ? [] : ['switch-throw'];
  return [...servers.flatMap((server) => asFollower(plan, server, site, lost)), ...throws, ...(mayTakeOver ? asTarget(plan, servers) : [])];
}

function asFollower(plan: Plan, server: ServerKind, site: SiteId, lost: SiteId): readonly string[] {
  const others = Object.keys(plan.estate.sites).filter((other) => other !== site && other !== lost && closableAt(plan, other).includes(server));
  return [`${server}-detach`, ...others.map((other) => `${server}-follow=${other}`)];
}

function asTarget(plan: Plan, servers: readonly ServerKind[]): readonly string[] {
  const promotions = servers.flatMap((server) => (server === 'database' ? ['database-apply', 'database-promote'] : ['cache-promote']));
  return [...promotions, 'service-start', ...(plan.estate.capacity?.driver === 'auto-scaling' ? [] : ['capacity-set'])];
}

/** Without such a verb a recovery goes on, with less: there are other ways to route, and a standby that does not follow is redundancy that lacks. */
function besides(verb: string): boolean {
  return verb.endsWith('-follow') || verb === 'switch-throw';
}

/** Refusals that rule a target out, as sentences: without these verbs nothing is recovered there. `standby` says which of its servers still follow; one that was promoted is not told to leave. */
export function againstTarget(refusals: Refusals, standby: Readonly<Record<ServerKind, boolean>>): readonly string[] {
  const counted = refusals.refused.filter(({ verb }) => {
    const server = verb.startsWith('database-') ? 'database' : verb.startsWith('cache-') ? 'cache' : undefined;
    return !besides(verb) && (server === undefined || standby[server] || verb.endsWith('-promote'));
  });
  // What stands in the way of all verbs alike, such as a full state folder, is told once.
  const reasons = [...new Set(counted.map(({ reason }) => reason))];
  return reasons.map((reason) => {
    const verbs = counted.filter((refusal) => refusal.reason === reason).map(({ verb }) => verb);
    return `Its agent would refuse ${verbs.join(', ')}: ${reason.replace(/\.$/, '')}.`;
  });
}

/** That an agent could not be asked, as a sentence: that it refuses nothing is then not known. */
export function unaskedRemark(site: SiteId, why: string): string {
  return `${site} was not asked what it would refuse: ${why}.`;
}

/** What people should know of the other sites before they choose `target`: who could not follow it, or it them, who could not be asked, and how far the lost one can be fenced by its own agent. */
export function remarksOn(target: SiteId, lost: SiteId, all: readonly Refusals[]): readonly string[] {
  return all.flatMap(({ site, notAsked, refused, exceptions }) => {
    // That a lost site is silent is what its failure means, and is in front of people already.
    if (notAsked) return site === lost && notAsked.silent ? [] : [unaskedRemark(site, notAsked.reason)];
    const counted = refused.filter(({ verb, argument }) => (site === target ? besides(verb) : argument === undefined || argument === target));
    const of = site === lost ? `The agent of ${site} would not fence it` : `The agent of ${site} would refuse`;
    return [
      ...counted.map(({ verb, argument, reason }) => `${of} (${[verb, argument].filter((word) => word !== undefined).join(' ')}): ${reason}`),
      ...(site === target || site === lost ? exceptions : []),
    ];
  });
}
