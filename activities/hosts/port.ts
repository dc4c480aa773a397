/** The hosts of the sites: the highest epoch that each has seen. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, RunContext } from '../context.ts';

export type AgentState =
  | {
      readonly site: SiteId;
      readonly reachable: true;
      readonly epoch: number;
      readonly epochHolder: string;
    }
  | { readonly site: SiteId; readonly reachable: false; readonly reason: string };

export interface HostsActivities {
  /** Epoch of each site's agent. One that cannot be reached, fails or is not who the plan says is a value, not an error. */
  readAgents(input: { readonly run: RunContext; readonly sites: readonly SiteId[] }): Promise<readonly AgentState[]>;
  /** Stores the run's epoch at one agent. A `stale-epoch` failure when it has seen a higher one, or the same one of another execution; `transient` when it cannot be reached. */
  claimEpoch(input: { readonly run: RunContext; readonly site: SiteId }): Promise<Change>;
}
