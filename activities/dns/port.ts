/** Where customers are sent. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, RunContext } from '../context.ts';

export interface Route {
  /** Site whose public address the first authoritative server that answers gives out; `unknown` when none answers or the address is nobody's. */
  readonly site: SiteId;
  readonly address: string;
  /** TTL that was served, which caches may keep. */
  readonly ttlSeconds: number;
  readonly at: string;
}

/** Everybody asked about the name, after a change. */
export interface RouteProof {
  readonly site: SiteId;
  /** When all authoritative servers that answer first gave the new address; RFC 3339. */
  readonly authoritativeAt: string;
  readonly ttlSeconds: number;
  /** Each resolver asked, and what it answered. */
  readonly resolvers: readonly { readonly server: string; readonly address: string; readonly agrees: boolean }[];
}

/** The epoch that stands in the zone. A DNS API that does not answer in time is a value: a recovery does not wait for it. */
export type ZoneEpoch = { readonly reachable: true; readonly epoch: number; readonly holder: string } | { readonly reachable: false; readonly reason: string };

export interface DnsActivities {
  /** Bounded to 2 s. */
  readZoneEpoch(input: { readonly run: RunContext }): Promise<ZoneEpoch>;
  /** Writes the run's epoch into the zone (compare-and-set), so that no older run can change a record. One try of 2 s a call; `stale-epoch` when a newer run has written. */
  claimZone(input: { readonly run: RunContext }): Promise<ZoneEpoch>;
  readRoute(input: { readonly run: RunContext }): Promise<Route>;
  /** Data plane: throws the switch away from `from` at every reachable site of `switchSites`; one suffices, the answer says which. Fails when none could be thrown, or when the epoch does not stand at a majority. */
  throwSwitch(input: {
    readonly run: RunContext;
    readonly from: SiteId;
    readonly to: SiteId;
    readonly switchSites: readonly SiteId[];
  }): Promise<Change & { readonly thrownAt: readonly SiteId[] }>;
  /**
   * Control plane: points the record at `to`, in one batch with the TXT epoch (compare-and-set), and waits for INSYNC within the plan's bound. Asks a majority of
   * the agents first: a newer run that could not reach the DNS API has left its epoch with them only.
   */
  changeRecord(input: { readonly run: RunContext; readonly to: SiteId }): Promise<Change>;
  /** Asks the authoritative servers until all that answer give `to`'s address, then the resolvers. Bounded by `withinSeconds`; a record that did not move is `moved: false`. */
  proveRoute(input: {
    readonly run: RunContext;
    readonly to: SiteId;
    readonly withinSeconds: number;
  }): Promise<({ readonly moved: true } & RouteProof) | { readonly moved: false; readonly detail: string }>;
}
