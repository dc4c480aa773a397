/** How much acknowledged work a failover loses: proven nothing, nothing under an assumption, at most so much, or unknown. Pure. */
import { clockSlackSeconds } from './heartbeat-words.ts';

export type Loss =
  /** Holds without an assumption: the agent closed the old primary, and its last position is at the target. */
  | { readonly kind: 'proven 0'; readonly proof: string }
  /** `assumption`: one sentence on what must not have happened, with its window; it stands wherever the figure does. */
  | { readonly kind: '0 unless'; readonly assumption: string; readonly windowSeconds: number | 'unknown'; readonly proof: string }
  | { readonly kind: 'at most'; readonly seconds: number; readonly bytes: number | 'unknown'; readonly basis: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** What nobody can see from afar, and in which time it may have happened. */
export interface Assumption {
  /** What must not have happened, as the end of a sentence. */
  readonly what: string;
  /** Beginning of the time, such as `its last heartbeat`, and how long ago that was. */
  readonly since: string;
  readonly windowSeconds: number | 'unknown';
}

/** Nothing is lost: proven, or under one assumption. */
export function zeroUnder(assumption: Assumption | undefined, proof: string): Loss {
  if (!assumption) return { kind: 'proven 0', proof };
  const { what, since, windowSeconds } = assumption;
  const window = windowSeconds === 'unknown' ? `in the time since ${since}, which is not known` : `in the ${windowSeconds} s since ${since}`;
  return { kind: '0 unless', assumption: `${window}, ${what}`, windowSeconds, proof };
}

/** What is known about the database when the question is put. Times are milliseconds since the epoch, by the run's clock. */
export interface DatabaseLossFacts {
  /** Proof that the failed primary can have acknowledged nothing past this position; absent without such a proof. */
  readonly fencedPositionBytes?: number;
  readonly fenceProof?: string;
  /** What that proof takes for granted; absent when nothing. */
  readonly assumption?: Assumption;
  /** Position that the target has replayed. */
  readonly targetBytes?: number;
  /** Commit time of the newest transaction that the target has. */
  readonly lastCommitAt?: number;
  /** When the failed primary last could acknowledge, and how that is known. */
  readonly stopped?: { readonly at: number; readonly basis: string };
  /** How far the first failed observation may lag behind the failure. */
  readonly probeIntervalSeconds: number;
}

/** The estimate for the database, never better than what is proven. */
export function estimateDatabaseLoss(facts: DatabaseLossFacts): Loss {
  if (facts.fencedPositionBytes !== undefined && facts.targetBytes !== undefined && facts.targetBytes >= facts.fencedPositionBytes) {
    return zeroUnder(facts.assumption, `${facts.fenceProof ?? 'the old primary is fenced'}; the target has everything up to that position`);
  }
  if (facts.lastCommitAt === undefined) return { kind: 'unknown', reason: 'the target shows no commit time, so there is nothing to count from' };
  if (facts.stopped === undefined) return { kind: 'unknown', reason: 'it is not known when the old primary stopped acknowledging' };
  const seconds = (facts.stopped.at - facts.lastCommitAt) / 1000;
  // No comparison with such a figure holds, so that it would pass every limit.
  if (Number.isNaN(seconds)) return { kind: 'unknown', reason: 'one of the times from which it is counted cannot be read' };
  if (-seconds > facts.probeIntervalSeconds + clockSlackSeconds)
    return { kind: 'unknown', reason: `the newest commit at the target is of ${Math.round(-seconds)} s after ${facts.stopped.basis}: the clocks do not agree` };
  const bytes =
    facts.fencedPositionBytes !== undefined && facts.targetBytes !== undefined ? Math.max(0, facts.fencedPositionBytes - facts.targetBytes) : 'unknown';
  const lost = Math.max(0, Math.ceil(seconds)) + Math.ceil(facts.probeIntervalSeconds);
  return { kind: 'at most', seconds: lost, bytes, basis: `from the newest commit at the target until ${facts.stopped.basis}` };
}

/** What is known about the cache. */
export interface CacheLossFacts {
  /** Whether the failed primary is proven to acknowledge nothing more. */
  readonly fenced: boolean;
  /** Replicas of the plan, and how many of them are there to catch up from. */
  readonly replicas: number;
  readonly survivors: number;
  /** Whether the target holds everything that the other survivors hold. */
  readonly targetHasAll: boolean;
  /** The service acknowledges a write only after so many replicas have it; from the plan. */
  readonly writesWaitForReplicas: number;
  /** When the target last heard from the failed primary. */
  readonly lastContactAt?: number;
  /** When the failed primary last could acknowledge, and how that is known. */
  readonly stopped?: { readonly at: number; readonly basis: string };
  readonly probeIntervalSeconds: number;
}

/** The estimate for the cache: nothing is lost when every acknowledged write reached more replicas than are missing. */
export function estimateCacheLoss(facts: CacheLossFacts): Loss {
  const missing = facts.replicas - facts.survivors;
  if (!facts.targetHasAll) return { kind: 'unknown', reason: 'another replica may hold writes that the target does not hold' };
  if (facts.fenced && facts.writesWaitForReplicas > missing) {
    const waited = `${facts.writesWaitForReplicas} of ${facts.replicas} replicas`;
    const assumption: Assumption = {
      what: `the service acknowledged a write to the cache that fewer than ${waited} had`,
      since: 'the last word of the old cache to the target',
      windowSeconds: facts.lastContactAt === undefined || !facts.stopped ? 'unknown' : Math.max(0, Math.ceil((facts.stopped.at - facts.lastContactAt) / 1000)),
    };
    return zeroUnder(assumption, `by the plan each acknowledged write reached ${waited}, and ${missing} are missing`);
  }
  const why = facts.fenced
    ? `${missing} of ${facts.replicas} replicas are missing, and an acknowledged write may be on those alone`
    : 'the old cache is not proven fenced';
  if (facts.lastContactAt === undefined || facts.stopped === undefined) return { kind: 'unknown', reason: why };
  if (Number.isNaN(facts.stopped.at - facts.lastContactAt)) return { kind: 'unknown', reason: 'one of the times from which it is counted cannot be read' };
  const seconds = Math.max(0, Math.ceil((facts.stopped.at - facts.lastContactAt) / 1000)) + Math.ceil(facts.probeIntervalSeconds);
  return { kind: 'at most', seconds, bytes: 'unknown', basis: `${why}; from the last word of the old cache to the target until ${facts.stopped.basis}` };
}

/** Whether the figure is 0, proven or under its assumption. */
export function isZero(loss: Pick<Loss, 'kind'>): boolean {
  return loss.kind === 'proven 0' || loss.kind === '0 unless';
}

/** Orders losses: 0 for none, a little for none under an assumption, then by seconds, unknown last. */
export function lossBadness(loss: Loss): number {
  if (loss.kind === 'proven 0') return 0;
  if (loss.kind === '0 unless') return 0.5;
  return loss.kind === 'at most' ? loss.seconds : Infinity;
}

/** The worse of some losses. */
export function worstLoss(losses: readonly Loss[]): Loss {
  const [first, ...others] = losses;
  if (!first) return { kind: 'unknown', reason: 'nothing is known' };
  return others.reduce((worst, loss) => (lossBadness(loss) > lossBadness(worst) ? loss : worst), first);
}

/** The loss and what it rests on. */
export function explainLoss(loss: Loss): string {
  if (loss.kind === 'proven 0' || loss.kind === '0 unless') return `${describeLoss(loss)}: ${loss.proof}`;
  return loss.kind === 'at most' ? `${describeLoss(loss)}: ${loss.basis}` : describeLoss(loss);
}

/** The loss in a few words, in plain seconds: people type them when they accept it. An assumption is never left out: every figure is shown by this. */
export function describeLoss(loss: Loss): string {
  if (loss.kind === 'proven 0') return 'proven 0';
  if (loss.kind === '0 unless') return `0 unless, ${loss.assumption}`;
  if (loss.kind === 'unknown') return `unknown (${loss.reason})`;
  return `at most ${loss.seconds} s / ${loss.bytes === 'unknown' ? 'unknown bytes' : `${loss.bytes} bytes`}`;
}
