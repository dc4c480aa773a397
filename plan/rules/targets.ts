/** Where to recover, and by which procedure: the least drastic one that can work. Pure. */
import { seconds } from '../durations.ts';
import type { Plan } from '../schema.ts';

/** Which of the surviving servers can write, or may come to. */
export interface WritersSeen {
  /** `promoted`: a primary by an earlier run, which its agent has on record. A `primary` is one that nobody can explain. */
  readonly database: 'standby' | 'primary' | 'promoted' | 'unreachable';
  /** Why what is `unreachable` was not seen: silence is another matter than a login that is refused. */
  readonly unseen?: { readonly database?: string; readonly cache?: string };
  /** Another surviving site whose database is a primary; absent when there is none. */
  readonly primaryElsewhere?: string;
  /** Site, neither this one nor the failed one, from which the newest heartbeat comes; absent when there is none. */
  readonly heartbeatElsewhere?: string;
  /** Another surviving site where a run has begun a promotion that has not taken effect yet. */
  readonly begunElsewhere?: string;
  /** As with the database, and absent where the estate has none; one that has only left its primary is a `replica`. `untold`: a primary, and nobody tells by whom. */
  readonly cache?: 'replica' | 'primary' | 'promoted' | 'untold' | 'unreachable';
  /** Another surviving site whose cache is a primary; absent when there is none. */
  readonly cachePrimaryElsewhere?: string;
}

/** What was found at a site that might become the target. */
export interface TargetFacts extends WritersSeen {
  readonly site: string;
  /** Why its agent cannot be used, as a sentence; absent when it can. */
  readonly agentTrouble?: string;
  /** What its agent would refuse of that which the failover will ask of it, one sentence each. */
  readonly refusals: readonly string[];
  /** What people should know of the other sites, one sentence each. */
  readonly remarks: readonly string[];
  /** Another surviving site whose database answers, while nobody there tells whether a run has begun to promote it. */
  readonly untoldElsewhere?: string;
  /** Another surviving site whose cache is a primary, while nobody there tells whether it has only left its own. */
  readonly cacheUntoldElsewhere?: string;
  /** Bytes of WAL behind the most advanced survivor that it can still catch up with. */
  readonly lagBytes: number | 'unknown';
  /** Seconds of acknowledged work that would be missing after it has caught up; 0 where that is proven. */
  readonly lossSeconds: number | 'unknown';
}

export interface TargetVerdict {
  readonly site: string;
  readonly eligible: boolean;
  /** One sentence each: first what rules the site out, then what people should know. */
  readonly reasons: readonly string[];
}

const wayBack = 'Let it follow its primary again, also one that is lost (Redis: REPLICAOF); what it took since is lost then.';

/** Can this site take over from `from` by a regional failover? */
export function judgeTarget(plan: Pick<Plan, 'sites' | 'estate'>, from: string, facts: TargetFacts): TargetVerdict {
  const site = plan.sites.find((entry) => entry.id === facts.site);
  const against: string[] = [];
  if (facts.site === from) against.push('It is the failed site itself.');
  if (!site) against.push('The plan has no such site.');
  else if (!site.targetOf.includes('regionalFailover')) against.push('The plan does not make it a target of a regional failover.');
  if (facts.agentTrouble !== undefined) against.push(`Its site agent cannot be used: ${facts.agentTrouble}`);
  against.push(...facts.refusals);
  against.push(...againstWriters(from, facts));
  if (against.length > 0) return { site: facts.site, eligible: false, reasons: against };
  return { site: facts.site, eligible: true, reasons: notes(plan, facts) };
}

/** Why this site could not be promoted, or would be beside another writer, as its servers and the others were seen; one sentence each. */
export function againstWriters(from: string, seen: WritersSeen): readonly string[] {
  const found: string[] = [];
  if (seen.database === 'unreachable') found.push(notSeen('database', seen.unseen?.database));
  if (seen.cache === 'unreachable') found.push(notSeen('cache', seen.unseen?.cache));
  if (seen.database === 'primary') found.push('Its database is a primary, and no run has promoted it: two writers would be possible.');
  if (seen.primaryElsewhere !== undefined)
    found.push(`The database at ${seen.primaryElsewhere} is a primary: two writers would be possible. Fail over there, or fence it first.`);
  if (seen.heartbeatElsewhere !== undefined)
    found.push(
      `The newest heartbeat comes from ${seen.heartbeatElsewhere}, so that is the primary: start a failover from ${seen.heartbeatElsewhere}, not from ${from}.`,
    );
  if (seen.begunElsewhere !== undefined)
    found.push(
      `A promotion was begun at ${seen.begunElsewhere} and may still take effect: fail over there. When it is certain that it will not, its note must go first: promotion.begun in the agent's state folder there, or the tag dr-promotion of its DB instance.`,
    );
  if (seen.cache === 'primary') found.push(`Its cache is a primary, and no run has promoted it: two writers would be possible. ${wayBack}`);
  if (seen.cache === 'untold')
    found.push('Its cache is a primary, and nobody tells who made it one: its agent or API gave no answer that can be used. Mend that, then assess again.');
  if (seen.cachePrimaryElsewhere !== undefined)
    found.push(`The cache at ${seen.cachePrimaryElsewhere} is a primary: two writers would be possible. Fail over there, or: ${wayBack}`);
  return found;
}

function notSeen(server: string, why: string | undefined): string {
  return `Its ${server} could not be read: ${why?.replace(/\.$/, '') ?? 'it was not asked'}.`;
}

/** What does not rule a target out and belongs in front of people; too large a loss is theirs to accept at a gate. */
function notes(plan: Pick<Plan, 'sites' | 'estate'>, facts: TargetFacts): string[] {
  const { lagBytesMax, lagTimeMax } = plan.estate.limits;
  const site = plan.sites.find((entry) => entry.id === facts.site);
  const found: string[] = [];
  const promoted = [...(facts.database === 'promoted' ? ['database'] : []), ...(facts.cache === 'promoted' ? ['cache'] : [])];
  if (promoted.length > 0) found.push(`An earlier run has promoted its ${promoted.join(' and ')}: this run goes on from there and cannot be taken back.`);
  if (facts.untoldElsewhere !== undefined)
    found.push(
      `Whether an earlier run has begun to promote ${facts.untoldElsewhere} is not known: its database answers, and neither its agent nor an API tells. If one has, two writers are possible.`,
    );
  if (facts.cacheUntoldElsewhere !== undefined)
    found.push(
      `The cache at ${facts.cacheUntoldElsewhere} is a primary, and its agent or API does not tell by whom. If it takes writes, there will be two writers.`,
    );
  if (facts.lagBytes === 'unknown') found.push('Its replication lag is not known.');
  else if (facts.lagBytes > lagBytesMax) found.push(`It is ${facts.lagBytes} bytes behind; the plan allows ${lagBytesMax}.`);
  if (facts.lossSeconds === 'unknown') found.push('How much would be lost is not known; people must accept that.');
  else if (facts.lossSeconds > seconds(lagTimeMax)) found.push(`Up to ${facts.lossSeconds} s of work would be lost; people must accept that.`);
  if (site && site.capacity.failoverPercent < 100) found.push(`It carries ${site.capacity.failoverPercent} % of the load at most.`);
  if (site && site.capacity.scope === 'critical') found.push('It carries critical functions only.');
  return [...found, ...facts.remarks];
}

export interface RecommendationInput {
  readonly from: string;
  readonly verdict: 'failed' | 'alive' | 'undecided';
  readonly restartInPlace: { readonly eligible: boolean; readonly reason: string };
  readonly targets: readonly (TargetVerdict & { readonly lossSeconds: number | 'unknown' })[];
}

export interface Recommendation {
  /** In the order of drama: the first that can work is recommended. */
  readonly action: 'nothing' | 'wait' | 'restart in place' | 'regional failover' | 'activate the DR site' | 'ask people';
  readonly site?: string;
  /** One sentence for people. */
  readonly text: string;
}

/** The least drastic procedure that is eligible; among targets the one that loses least, then the one that the plan's roles prefer. */
export function recommend(plan: Pick<Plan, 'sites'>, input: RecommendationInput): Recommendation {
  const { from, verdict, restartInPlace, targets } = input;
  if (verdict === 'alive') return { action: 'nothing', text: `Leave ${from} alone: it works.` };
  if (restartInPlace.eligible) return { action: 'restart in place', site: from, text: `Restart the service at ${from}: ${restartInPlace.reason}` };
  if (verdict === 'undecided') return { action: 'wait', text: `Observe again, or declare ${from} failed with a reason: the vantage points do not agree.` };
  const best = [...targets]
    .filter((target) => target.eligible)
    .sort((a, b) => compare(lossRank(a), lossRank(b)) || roleRank(plan, a.site) - roleRank(plan, b.site))[0];
  if (best) return { action: 'regional failover', site: best.site, text: `Fail over from ${from} to ${best.site}.` };
  const dr = plan.sites.find((site) => site.role === 'dr');
  if (dr && dr.id !== from)
    return {
      action: 'activate the DR site',
      site: dr.id,
      text: `No site can take over from ${from} by a regional failover: prepare the activation of ${dr.id}.`,
    };
  return { action: 'ask people', text: `No site can take over from ${from}: the plan has no procedure for this.` };
}

function lossRank(target: { readonly lossSeconds: number | 'unknown' }): number {
  return target.lossSeconds === 'unknown' ? Infinity : target.lossSeconds;
}

const roles = ['primary', 'secondary', 'tertiary', 'dr'];

function roleRank(plan: Pick<Plan, 'sites'>, site: string): number {
  return roles.indexOf(plan.sites.find((entry) => entry.id === site)?.role ?? 'dr');
}

/** Infinity − Infinity is no order. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
