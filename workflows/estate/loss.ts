/** What a run would lose by promoting its target now: counted from the fences and from what the survivors hold. */
import type { CacheState } from '../../activities/cache/port.ts';
import type { Fence } from '../../activities/fencing/port.ts';
import type { DatabaseState } from '../../activities/database/port.ts';
import { seconds } from '../../plan/durations.ts';
import { compareCaches } from '../../plan/rules/caches.ts';
import { acknowledgedAlone } from '../../plan/rules/fence-proof.ts';
import { type Assumption, estimateCacheLoss, estimateDatabaseLoss, isZero, type Loss, worstLoss } from '../../plan/rules/loss.ts';
import type { ServerKind } from '../../plan/rules/servers.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { Reads } from '../../activities/index.ts';
import type { RecoveryFacts } from './facts.ts';
import { now } from '../engine/clock.ts';
import type { Course } from '../engine/course.ts';
import { fenceOf, openServers } from './servers.ts';
import { cacheSites } from './sites.ts';

/** What people are told when nobody can see whether the failed site still acknowledges. */
export const unobserved = 'the first failed observation; assumes that the failed site has acknowledged nothing since';

/** Commit time of the last transaction that came from the failed primary; RFC 3339. */
export function lastCommitOf(state: Extract<DatabaseState, { reachable: true }>): string | undefined {
  return state.promotion ? state.promotion.lastReplayedCommitAt : state.lastReplayedCommitAt;
}

/** Counts what would be lost by promoting now, and keeps it. */
export async function countLoss(run: Course, facts: RecoveryFacts, read: Reads): Promise<void> {
  const [database, caches] = await Promise.all([
    read.readDatabase({ run: run.context(), site: run.places.target }),
    Promise.all(cacheSites(run.plan, run.places.failed).map((site) => read.readCache({ run: run.context(), site }))),
  ]);
  facts.loss = databaseLoss(run, facts, database);
  const { cache } = run.plan.estate;
  if (cache === undefined) return;
  const stopped = stoppedAcknowledging(run, facts, 'cache');
  facts.cacheLoss = estimateCacheLoss({
    fenced: fenceOf(facts.fences, run.places.source, 'cache') !== undefined,
    replicas: caches.length,
    survivors: caches.filter((state) => state.reachable).length,
    targetHasAll: hasAll(run.places.target, caches),
    // Replicas of other regions acknowledge no `WAIT`.
    writesWaitForReplicas: cache.driver === 'redis' ? cache.writesWaitForReplicas : 0,
    probeIntervalSeconds: seconds(run.plan.estate.detection.probeInterval),
    ...(facts.cacheContactAt === null ? {} : { lastContactAt: Date.parse(facts.cacheContactAt) }),
    ...(stopped ? { stopped } : {}),
  });
}

function hasAll(target: SiteId, caches: readonly CacheState[]): boolean {
  const reachable = caches.filter((state) => state.reachable);
  const own = reachable.find((state) => state.site === target);
  return own !== undefined && reachable.every((other) => other === own || compareCaches(own, other) === 'has all');
}

/** The worse of what database and cache lose. */
export function lossOf(facts: RecoveryFacts): Loss {
  return worstLoss([facts.loss, facts.cacheLoss].filter((loss) => loss !== null));
}

/** Whether people must accept the loss: it is unknown, or above the plan's limits, and not covered by what they have accepted already. */
export function lossNeedsPeople(run: Course, facts: RecoveryFacts, loss: Loss): boolean {
  if (isZero(loss) || facts.acceptedLoss === 'whatever it is') return false;
  if (loss.kind !== 'at most') return true;
  if (facts.acceptedLoss !== null && loss.seconds <= coveredSeconds(run, facts, facts.acceptedLoss)) return false;
  const { lagBytesMax, lagTimeMax } = run.plan.estate.limits;
  return loss.seconds > seconds(lagTimeMax) || (loss.bytes !== 'unknown' && loss.bytes > lagBytesMax) || facts.fences.some((fence) => !fence.proven);
}

/** Whether the loss counts until now: a site that people declared failed may acknowledge for as long as it is not fenced. */
export function lossGrows(run: Course, facts: RecoveryFacts): boolean {
  return facts.declaredFailed !== undefined && openServers(run.plan, run.places.source, facts.fences).length > 0;
}

/** What people have accepted, with what a loss that grows has grown by since it was counted, as they were told: nobody is asked again for the time that passes. */
function coveredSeconds(run: Course, facts: RecoveryFacts, accepted: { readonly seconds: number; readonly countedAt: string }): number {
  return accepted.seconds + (lossGrows(run, facts) ? Math.ceil((Date.parse(now()) - Date.parse(accepted.countedAt)) / 1000) : 0);
}

/** The loss of the database as it stands, from the fence's position and the target's. */
function databaseLoss(run: Course, facts: RecoveryFacts, target: DatabaseState): Loss {
  const fence = fenceOf(facts.fences, run.places.source, 'database');
  const lastCommitAt = target.reachable ? lastCommitOf(target) : undefined;
  const stopped = stoppedAcknowledging(run, facts, 'database');
  return estimateDatabaseLoss({
    probeIntervalSeconds: seconds(run.plan.estate.detection.probeInterval),
    ...(fence?.positionBytes !== undefined
      ? { fencedPositionBytes: fence.positionBytes, fenceProof: fence.proof, ...assumptionOf(run.places.source, fence) }
      : {}),
    ...(target.reachable ? { targetBytes: target.promotion?.bytes ?? target.replayedBytes } : {}),
    ...(lastCommitAt === undefined ? {} : { lastCommitAt: Date.parse(lastCommitAt) }),
    ...(stopped ? { stopped } : {}),
  });
}

/** An agent that closed the primary takes nothing for granted; a proof from afar speaks of what the primary last said, and grows older until the site is fenced by its own agent. */
function assumptionOf(site: SiteId, fence: Fence): { readonly assumption?: Assumption } {
  if (fence.method === 'agent') return {};
  const windowSeconds = fence.assumedSince === undefined ? 'unknown' : Math.max(0, Math.ceil((Date.parse(now()) - Date.parse(fence.assumedSince)) / 1000));
  return { assumption: { what: acknowledgedAlone(site), since: 'its last heartbeat', windowSeconds } };
}

/**
 * When the failed primary last could acknowledge: a fence ends that, or shows when it ended; one that people declared failed may go on until its fence, whatever that was,
 * and without one until now.
 */
function stoppedAcknowledging(run: Course, facts: RecoveryFacts, server: ServerKind): { readonly at: number; readonly basis: string } | undefined {
  const fence = fenceOf(facts.fences, run.places.source, server);
  const until = facts.declaredFailed ? undefined : fence?.acknowledgedUntil;
  if (until !== undefined) return { at: Date.parse(until), basis: 'the last that anybody heard of it' };
  if (fence) return { at: Date.parse(fence.at), basis: `the fence by ${fence.method === 'agent' ? 'its agent' : fence.method}` };
  if (facts.declaredFailed) return { at: Date.parse(now()), basis: `now; ${run.start.startedBy} declared a site failed that may still acknowledge` };
  return facts.moments.failedSince === undefined ? undefined : { at: Date.parse(facts.moments.failedSince), basis: unobserved };
}
