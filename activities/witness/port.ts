/** What holds the epoch beside sites and zone, when most of those are gone. */
import type { ReachOf, RunContext } from '../context.ts';

/** What one witness holds. One that does not answer in time, or whose object cannot be used, is a value: a recovery does not wait for it. */
export type WitnessState =
  | { readonly witness: string; readonly reachable: true; readonly epoch: number; readonly holder: string }
  | { readonly witness: string; readonly reachable: false; readonly reason: string };

export interface WitnessReads {
  /** Every witness of the plan, side by side. Bounded to 2 s a call. */
  readWitnesses(input: { readonly run: RunContext }): Promise<readonly WitnessState[]>;
}

export interface WitnessChanges {
  /**
   * Stores the run's epoch at one witness, if that still holds what was read there (compare-and-set). Bounded to 2 s a call; no answer is a value. `stale-epoch` when a newer run
   * holds it, `refused` when the epoch is further above than runs can have raised it.
   */
  claimWitness(input: { readonly run: RunContext; readonly witness: string }): Promise<WitnessState>;
}

export const witnessChanges = { claimWitness: 'epoch' } as const satisfies ReachOf<WitnessChanges>;

export type WitnessActivities = WitnessReads & WitnessChanges;
