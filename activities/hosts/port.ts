/** The hosts of the sites: the highest epoch that each has seen, and what its agent would refuse. */
import type { ClockReading } from '../../plan/rules/clocks.ts';
import type { PartInFailover, Refusals } from '../../plan/rules/refusals.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { Change, ReachOf, RunContext } from '../context.ts';

export type AgentState =
  | {
      readonly site: SiteId;
      readonly reachable: true;
      readonly epoch: number;
      readonly epochHolder: string;
      /** How its clock and that of the worker that asked stand; absent in the answer of an older release. */
      readonly clocks?: ClockReading;
    }
  | { readonly site: SiteId; readonly reachable: false; readonly reason: string };

export interface RefusalsInput {
  readonly run: RunContext;
  readonly site: SiteId;
  readonly part: PartInFailover;
  readonly lost: SiteId;
  /** For how long it is asked on afterwards; absent: not at all. */
  readonly goOnSeconds?: number;
}

export interface HostsReads {
  /** Epoch of each site's agent, and the clocks there. One that cannot be reached, fails or is not who the plan says is a value, not an error. */
  readAgents(input: { readonly run: RunContext; readonly sites: readonly SiteId[] }): Promise<readonly AgentState[]>;
  /**
   * What the agent of `site` would refuse of that which a failover from `lost` will ask of it. Changes nothing; an agent that gives no answer is a value. While it is asked on, an
   * answer of the last 5 s by which it refuses nothing is given instead of a new one.
   */
  readRefusals(input: RefusalsInput): Promise<Refusals>;
}

export interface HostsChanges {
  /** Stores the run's epoch at one agent. A `stale-epoch` failure when it has seen a higher one, or the same one of another execution; `transient` when it cannot be reached. */
  claimEpoch(input: { readonly run: RunContext; readonly site: SiteId }): Promise<Change>;
}

export const hostsChanges = { claimEpoch: 'epoch' } as const satisfies ReachOf<HostsChanges>;

export type HostsActivities = HostsReads & HostsChanges;
