/** How much acknowledged work a failover loses: proven nothing, at most so much, or unknown. */

/** What is known about the data when the question is put. Times are milliseconds since the epoch, on clocks kept by NTP. */
export interface LossFacts {
  /** Proof that the failed primary can have acknowledged nothing past this position; absent without such a proof. */
  readonly fencedPositionBytes?: number;
  readonly fenceProof?: string;
  /** Position that the target has replayed, or will have replayed once it has caught up from a survivor. */
  readonly targetBytes?: number;
  /** Commit time of the newest transaction that the target has. */
  readonly lastCommitAt?: number;
  /** When the failed site was last able to acknowledge: the first failed observation. */
  readonly failedSinceAt?: number;
  /** Spacing of the observations, which is how far the first failed one may lag behind the failure. */
  readonly probeIntervalSeconds: number;
  /** Position that the failed primary last reported, where one is on record. */
  readonly primaryBytes?: number;
}

export type LossEstimate =
  | { readonly kind: 'proven 0'; readonly proof: string }
  | { readonly kind: 'at most'; readonly seconds: number; readonly bytes: number | 'unknown'; readonly basis: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** The estimate, never better than what is proven. */
export function estimateLoss(facts: LossFacts): LossEstimate {
  if (facts.fencedPositionBytes !== undefined && facts.targetBytes !== undefined && facts.targetBytes >= facts.fencedPositionBytes) {
    return { kind: 'proven 0', proof: `${facts.fenceProof ?? 'the old primary is fenced'}; the target has everything up to that position` };
  }
  if (facts.lastCommitAt === undefined) return { kind: 'unknown', reason: 'the target shows no commit time, so there is nothing to count from' };
  if (facts.failedSinceAt === undefined)
    return { kind: 'unknown', reason: 'no failed observation is on record, so it is not known when the old primary stopped acknowledging' };
  const seconds = Math.max(0, Math.ceil((facts.failedSinceAt - facts.lastCommitAt) / 1000)) + Math.ceil(facts.probeIntervalSeconds);
  const bytes = facts.primaryBytes !== undefined && facts.targetBytes !== undefined ? Math.max(0, facts.primaryBytes - facts.targetBytes) : 'unknown';
  return {
    kind: 'at most',
    seconds,
    bytes,
    basis: 'from the newest commit at the target to the first failed observation; assumes that the failed site has acknowledged nothing since',
  };
}

/** Orders estimates: 0 for none, then by seconds, unknown last. For comparing old evidence with new. */
export function lossBadness(loss: LossEstimate): number {
  if (loss.kind === 'proven 0') return 0;
  return loss.kind === 'at most' ? loss.seconds : 1_000_000;
}

/** The estimate in a few words. */
export function describeLoss(loss: LossEstimate): string {
  if (loss.kind === 'proven 0') return 'proven 0';
  if (loss.kind === 'unknown') return `unknown: ${loss.reason}`;
  return `at most ${loss.seconds} s / ${loss.bytes === 'unknown' ? 'unknown bytes' : `${loss.bytes} bytes`}`;
}
