/** The epoch as targets hold it: an older run is refused where it would change something. */
import { epochStepsMax } from '../plan/rules/epochs.ts';
import type { RunContext } from './context.ts';
import { failure } from './errors.ts';

export interface HeldEpoch {
  readonly epoch: number;
  /** Execution that holds it; empty or `none` when nobody does. */
  readonly holder: string;
}

/** Refuses a run when a newer one holds this target; `leftAs` says what was not done. */
export function mustBeNewest(who: string, held: HeldEpoch, run: RunContext, leftAs: string): void {
  const newer = held.epoch > run.epoch || (held.epoch === run.epoch && held.holder !== '' && held.holder !== run.execution);
  if (!newer) return;
  throw failure(
    'stale-epoch',
    { happened: `${who} holds epoch ${held.epoch} of ${held.holder || 'another run'}; this run holds ${run.epoch}.`, leftAs },
    { ...held },
  );
}

/** Refuses to raise a target's epoch further than runs can have raised it: whoever writes such a number keeps all later runs out. */
export function mustBeWithinReach(who: string, held: HeldEpoch, run: RunContext, leftAs: string): void {
  if (run.epoch <= held.epoch + epochStepsMax) return;
  throw failure('refused', {
    happened: `Epoch ${run.epoch} of this run is more than ${epochStepsMax} above ${held.epoch}, which ${who} holds.`,
    leftAs,
    next: `Ask the site agents what they hold (site-agent agent.conf identify). Where the run's epoch is right, write ${run.epoch - 1} there by hand, then choose retry; else set back the one that is too high, and start anew.`,
  });
}
