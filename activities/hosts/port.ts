/** The hosts of the sites: who they are, and the highest epoch they have seen. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, RunContext } from '../context.ts';

export type AgentState =
  | {
      readonly site: SiteId;
      readonly reachable: true;
      readonly epoch: number;
      readonly epochHolder: string;
      readonly agentVersion: string;
      readonly hostname: string;
    }
  | { readonly site: SiteId; readonly reachable: false; readonly reason: string };

export interface HostsActivities {
  /** Epoch and identity of each site's agent. One that cannot be reached, fails or is not who the plan says is a value, not an error. */
  readAgents(input: { readonly run: RunContext; readonly sites: readonly SiteId[] }): Promise<readonly AgentState[]>;
  /** Stores the run's epoch at one agent. A `stale-epoch` failure when it has seen a higher one, or the same one of another execution; `transient` when it cannot be reached. */
  claimEpoch(input: { readonly run: RunContext; readonly site: SiteId }): Promise<Change>;
}
