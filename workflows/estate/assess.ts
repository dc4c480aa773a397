/** The assessment: what a failover of a site would find now. Reads only; printed by `dr assess` and shown at the gate. */
import type { CacheState } from '../../activities/cache/port.ts';
import type { RunContext } from '../../activities/context.ts';
import type { DatabaseState, Heartbeat } from '../../activities/database/port.ts';
import type { AgentState } from '../../activities/hosts/port.ts';
import type { Vantage } from '../../activities/detection/port.ts';
import { recoveryOf } from '../../plan/catalogue/index.ts';
import { seconds } from '../../plan/durations.ts';
import { wrongClocks, wrongPrimaryClock } from '../../plan/rules/clocks.ts';
import { judgeFailure } from '../../plan/rules/failure.ts';
import { acknowledgedAlone, judgeDatabaseFence } from '../../plan/rules/fence-proof.ts';
import { againstTarget, type Refusals, remarksOn } from '../../plan/rules/refusals.ts';
import { estimateDatabaseLoss, isZero, type Loss, zeroUnder } from '../../plan/rules/loss.ts';
import { standbyNames } from '../../plan/rules/standby-names.ts';
import { judgeSeverity } from '../../plan/rules/severity.ts';
import { judgeTarget, recommend, type WritersSeen } from '../../plan/rules/targets.ts';
import { expectedRoutingSeconds } from '../../plan/rules/waits.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { Reads } from '../../activities/index.ts';
import { lastCommitOf, unobserved } from './loss.ts';
import type { Assessment, TargetAssessment } from '../wire/messages.ts';
import { now } from '../engine/clock.ts';
import { cacheSites, databaseSites, otherSites } from './sites.ts';

/** What the other sites look like now. */
interface Survey {
  readonly agents: readonly AgentState[];
  readonly databases: readonly DatabaseState[];
  readonly caches: readonly CacheState[];
  readonly refusals: readonly Refusals[];
}

/** What is assessed: the loss of a site as vantage points have just seen it. */
export interface Assessed {
  readonly plan: Plan;
  readonly from: SiteId;
  readonly vantages: readonly Vantage[];
  /** RFC 3339; null while it is not known to have failed. */
  readonly failedSince: string | null;
  /** A target whose agent is asked on for so long what it would refuse. */
  readonly goOn?: { readonly target: SiteId; readonly forSeconds: number };
}

export async function assess(read: Reads, run: RunContext, { plan, from, vantages, failedSince, goOn }: Assessed): Promise<Assessment> {
  const [databases, caches, agents, service, refusals] = await Promise.all([
    Promise.all(databaseSites(plan, [from]).map((site) => read.readDatabase({ run, site }))),
    Promise.all(cacheSites(plan, [from]).map((site) => read.readCache({ run, site }))),
    read.readAgents({ run, sites: otherSites(plan, [from]) }),
    read.readService({ run, site: from }),
    readRefusals(read, run, { plan, from, ...(goOn ? { goOn } : {}) }),
  ]);
  const judgement = judgeFailure(vantages, 0);
  const targets = otherSites(plan, [from]).map((site) => assessTarget(plan, from, site, { databases, caches, agents, refusals }, failedSince));
  const best = targets.find((target) => target.eligible);
  const severity = judgeSeverity(plan, {
    primaryDown: judgement.verdict === 'failed',
    dataLoss: best !== undefined && lossSeconds(best.estimatedLoss) !== 0,
    networkOutage: judgement.verdict !== 'alive' && !service.reachable,
  });
  const restart = restartInPlace(judgement.verdict, service);
  const ranked = targets.map((target) => ({ ...target, lossSeconds: lossSeconds(target.estimatedLoss) }));
  return {
    at: now(),
    from,
    verdict: judgement.verdict,
    vantages: vantages.map(({ observer, kind, verdict, detail, failingSince }) => ({
      observer,
      kind,
      verdict,
      detail,
      ...(failingSince ? { failingSince } : {}),
    })),
    failedSince,
    ...severity,
    restartInPlace: restart,
    targets,
    clocks: clocksOf(plan, from, { agents, databases }),
    recommendation: recommend(plan, { from, verdict: judgement.verdict, restartInPlace: restart, targets: ranked }).text,
  };
}

/** The clocks of the other sites, and that of the primary as they have seen it. */
function clocksOf(plan: Plan, from: SiteId, { agents, databases }: Pick<Survey, 'agents' | 'databases'>): readonly string[] {
  const maxSeconds = seconds(plan.estate.detection.clockSkewMax);
  const seen = databases.flatMap((state) => (state.reachable ? (state.senderClocks?.[from] ?? []) : []));
  return [...wrongClocks(agents, maxSeconds), ...wrongPrimaryClock(from, seen, maxSeconds)];
}

/** Every agent says beforehand what it would refuse of that which the failover will ask of it. */
function readRefusals(read: Reads, run: RunContext, { plan, from, goOn }: Pick<Assessed, 'plan' | 'from' | 'goOn'>): Promise<readonly Refusals[]> {
  const survivors = otherSites(plan, [from]).map((site) =>
    read.readRefusals({ run, site, part: 'survivor', lost: from, ...(goOn?.target === site ? { goOnSeconds: goOn.forSeconds } : {}) }),
  );
  return Promise.all([read.readRefusals({ run, site: from, part: 'lost', lost: from }), ...survivors]);
}

function refusalsAt({ refusals, databases, caches }: Survey, site: SiteId): readonly string[] {
  const own = refusals.find((answer) => answer.site === site);
  const database = databases.find((state) => state.site === site);
  const cache = caches.find((state) => state.site === site);
  const standby = {
    database: database?.reachable === true && roleOf(database) === 'standby',
    cache: cache?.reachable === true && cacheRoleOf(cache) === 'replica',
  };
  return own ? againstTarget(own, standby) : [];
}

/** What was received counts, and is applied by the catch-up. */
function heldBack(database: DatabaseState | undefined): readonly string[] {
  if (!database?.reachable || database.heldBack === undefined) return [];
  const waiting = database.receivedBytes - database.replayedBytes;
  return [
    `At ${database.site} ${database.heldBack}: ${waiting} bytes are received and not applied. The catch-up applies them, and an undo holds it back again.`,
  ];
}

function whyUnseen(server: 'database' | 'cache', state: DatabaseState | CacheState | undefined): { readonly [Server in 'database' | 'cache']?: string } {
  return state && !state.reachable ? { [server]: state.reason } : {};
}

/** A service that is down on a host that answers is restarted where it is before anything moves. */
function restartInPlace(verdict: string, { reachable, active, detail }: Awaited<ReturnType<Reads['readService']>>): Assessment['restartInPlace'] {
  if (verdict === 'alive') return { eligible: false, reason: 'nothing has failed' };
  if (!reachable) return { eligible: false, reason: `its agent does not tell how it is: ${detail}` };
  if (active) return { eligible: false, reason: 'the service runs there; a restart would hide what is wrong' };
  return { eligible: true, reason: 'the host answers and the service is down: restart it there first' };
}

function assessTarget(plan: Plan, from: SiteId, site: SiteId, survey: Survey, failedSince: string | null): TargetAssessment {
  const database = survey.databases.find((state) => state.site === site);
  const cache = survey.caches.find((state) => state.site === site);
  const mostAdvanced = Math.max(0, ...survey.databases.map((state) => (state.reachable ? state.receivedBytes : 0)));
  const lagBytes = database?.reachable ? Math.max(0, mostAdvanced - database.receivedBytes) : 'unknown';
  const estimatedLoss = expectedLoss(plan, survey.databases, { from, target: site }, failedSince);
  const untold = survey.databases.find((state) => state.site !== site && state.reachable && state.follows === 'unknown');
  const cacheUntold = survey.caches.find((state) => state.site !== site && state.reachable && state.standing === 'untold');
  const { eligible, reasons } = judgeTarget(plan, from, {
    site,
    ...agentTrouble(survey, site),
    refusals: refusalsAt(survey, site),
    remarks: [...heldBack(database), ...remarksOn(site, from, survey.refusals)],
    ...writersSeen(plan, from, site, survey),
    ...(untold ? { untoldElsewhere: untold.site } : {}),
    ...(cacheUntold ? { cacheUntoldElsewhere: cacheUntold.site } : {}),
    lagBytes,
    lossSeconds: lossSeconds(estimatedLoss),
  });
  return {
    site,
    eligible,
    reasons,
    lagBytes,
    lastMessageAgeSeconds: database?.reachable ? (database.lastMessageAgeSeconds ?? 'unknown') : 'unknown',
    ...(cache?.reachable && cache.lastIoAgeSeconds !== undefined ? { cacheContactAt: new Date(Date.now() - cache.lastIoAgeSeconds * 1000).toISOString() } : {}),
    estimatedLoss,
    estimatedSeconds: estimatedSeconds(plan),
    ...(database?.reachable && database.promotion ? { promotedBy: database.promotion.by } : {}),
    ...(cache?.reachable && cache.standing === 'promoted' ? { cachePromoted: true } : {}),
  };
}

/** Who can write, or may come to, as the surviving servers were seen. */
export function writersSeen(plan: Plan, from: SiteId, site: SiteId, { databases, caches }: Pick<Survey, 'databases' | 'caches'>): WritersSeen {
  const others = databases.flatMap((state) => (state.site !== site && state.reachable ? [state] : []));
  const database = databases.find((state) => state.site === site);
  const cache = caches.find((state) => state.site === site);
  const elsewhere = others.find((state) => roleOf(state) !== 'standby');
  const begun = others.find((state) => state.promotionBegun !== undefined);
  const cacheElsewhere = caches.find((state) => state.site !== site && state.reachable && ['primary', 'promoted'].includes(cacheRoleOf(state)));
  const beating = newestHeartbeat(heartbeatsOf(databases))?.site;
  return {
    database: !database?.reachable ? 'unreachable' : roleOf(database),
    unseen: { ...whyUnseen('database', database), ...whyUnseen('cache', cache) },
    ...(elsewhere ? { primaryElsewhere: elsewhere.site } : {}),
    ...(begun ? { begunElsewhere: begun.site } : {}),
    ...(beating !== undefined && beating !== from && beating !== site ? { heartbeatElsewhere: beating } : {}),
    ...(plan.estate.cache === undefined ? {} : { cache: !cache?.reachable ? 'unreachable' : cacheRoleOf(cache) }),
    ...(cacheElsewhere ? { cachePrimaryElsewhere: cacheElsewhere.site } : {}),
  };
}

/** People must know why an agent cannot be used: a host that is not who the plan says is another matter than one that is silent. */
function agentTrouble({ agents }: Survey, site: SiteId): { readonly agentTrouble?: string } {
  const agent = agents.find((candidate) => candidate.site === site);
  if (agent?.reachable) return {};
  return { agentTrouble: agent?.reason ?? 'it was not asked.' };
}

function heartbeatsOf(databases: readonly DatabaseState[]): readonly Heartbeat[] {
  return databases.flatMap((state) => (state.reachable ? state.heartbeats : []));
}

/** Of those that the survivors hold: it is from the last primary that replicated to them. */
function newestHeartbeat(heartbeats: readonly Heartbeat[]): Heartbeat | undefined {
  return heartbeats.toSorted((one, other) => Date.parse(other.writtenAt) - Date.parse(one.writtenAt))[0];
}

function roleOf(database: Extract<DatabaseState, { reachable: true }>): 'standby' | 'primary' | 'promoted' {
  if (database.inRecovery) return 'standby';
  return database.promotion ? 'promoted' : 'primary';
}

/** One that has only left its primary refuses writes and may be told to follow again. */
function cacheRoleOf({ standing }: Extract<CacheState, { reachable: true }>): 'replica' | 'primary' | 'promoted' | 'untold' {
  if (standing === 'detached') return 'replica';
  return standing === 'unexplained' ? 'primary' : standing;
}

function lossSeconds(loss: Loss): number | 'unknown' {
  if (isZero(loss)) return 0;
  return loss.kind === 'at most' ? loss.seconds : 'unknown';
}

/**
 * If the primary could acknowledge nothing once the survivors that answer have left it, they hold every commit that it has acknowledged so far; whether the fence proves
 * it is seen later. Otherwise time since the newest commit counts.
 */
function expectedLoss(
  plan: Plan,
  databases: readonly DatabaseState[],
  { from, target }: { readonly from: SiteId; readonly target: SiteId },
  failedSince: string | null,
): Loss {
  const reachable = databases.filter((state) => state.reachable);
  if (!reachable.some((state) => state.site === target)) return { kind: 'unknown', reason: 'the database there does not answer' };
  const heartbeat = newestHeartbeat(heartbeatsOf(reachable).filter(({ site }) => site === from));
  const left = reachable.map((state) => state.site);
  const since = failedSince ?? now();
  const lostAt = heartbeat && Date.parse(heartbeat.writtenAt) > Date.parse(since) ? heartbeat.writtenAt : since;
  const heartbeatMaxAgeSeconds = seconds(plan.estate.limits.heartbeatMaxAge);
  if (heartbeat && judgeDatabaseFence({ heartbeat, lostAt, heartbeatMaxAgeSeconds, left: standbyNames(plan, left) }).proven) {
    const basis = `by the heartbeat of ${heartbeat.writtenAt} each commit that was acknowledged is at ${left.join(' or ')}; proven only once ${from} is fenced`;
    const windowSeconds = Math.max(0, Math.ceil((Date.now() - Date.parse(heartbeat.writtenAt)) / 1000));
    return zeroUnder({ what: acknowledgedAlone(from), since: 'its last heartbeat', windowSeconds }, basis);
  }
  return lossSinceNewestCommit(plan, reachable, failedSince === null ? undefined : { at: Date.parse(failedSince), basis: unobserved });
}

/** The loss without any fence: counted from the newest commit that a survivor has. */
function lossSinceNewestCommit(plan: Plan, databases: readonly DatabaseState[], stopped: { readonly at: number; readonly basis: string } | undefined): Loss {
  const commits = databases.flatMap((state) => (state.reachable ? (lastCommitOf(state) ?? []) : [])).sort();
  const newest = commits.at(-1);
  return estimateDatabaseLoss({
    probeIntervalSeconds: seconds(plan.estate.detection.probeInterval),
    ...(newest ? { lastCommitAt: Date.parse(newest) } : {}),
    ...(stopped ? { stopped } : {}),
  });
}

/** Longest time from the decision to the last customer: the bounds of the steps that lie between, the DNS method's own time and the TTL. */
function estimatedSeconds(plan: Plan): number {
  const { steps } = plan.procedures.regionalFailover;
  const { firstChange, routes } = recoveryOf('regionalFailover');
  const begin = steps.findIndex((step) => step.id === firstChange);
  const end = steps.findIndex((step) => step.id === routes);
  const execution = steps.slice(begin, end).reduce((total, step) => total + seconds(step.bound), 0);
  return execution + expectedRoutingSeconds(plan.estate.dns);
}
