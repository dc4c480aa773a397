/** Where customers are sent. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, ReachOf, RunContext } from '../context.ts';

export interface Route {
  /** Site whose public address all authoritative servers that answer give, and nothing beside it; else `unknown`. */
  readonly site: SiteId;
  /** Every address that any of them gives, each once. */
  readonly addresses: readonly string[];
  /** Longest TTL that was served, which caches may keep. */
  readonly ttlSeconds: number;
  readonly at: string;
}

/** Everybody asked about the name, after a change. */
export interface RouteProof {
  readonly site: SiteId;
  /** When all authoritative servers that answer first gave the new address alone; RFC 3339. */
  readonly authoritativeAt: string;
  readonly ttlSeconds: number;
  /** Each resolver asked, and every address that it gave. */
  readonly resolvers: readonly { readonly server: string; readonly address: string; readonly agrees: boolean }[];
}

/** What the next share of the customers has to go by. */
export interface SharesLook {
  /** Per cent of the customers whom the zone leads to the target now: 100 where it leads nobody elsewhere. */
  readonly percent: number;
  /** Why the maintenance answer of the plan serves nobody, as a part of a sentence; null where it answers. */
  readonly remainderSilent: string | null;
}

/** The epoch that stands in the zone. A DNS API that does not answer in time is a value: a recovery does not wait for it. */
export type ZoneEpoch = { readonly reachable: true; readonly epoch: number; readonly holder: string } | { readonly reachable: false; readonly reason: string };

/** What stands in the zone about the name that customers use, one sentence each, with what helps. */
export interface RecordLook {
  /** Why the zone's API could not be asked; then only what DNS itself gives is known. Absent when it answered. */
  readonly unseen?: string;
  /** Why no run can change the route: a CNAME, an alias, weighted sets, a delegation. */
  readonly obstacles: readonly string[];
  /** What is not as the plan says: several values, another TTL, no failover pair, a record that lacks. */
  readonly differences: readonly string[];
  /** Records of other types by which customers come elsewhere, whatever the route is. */
  readonly beside: readonly string[];
}

export interface DnsReads {
  /** Looks at every record set of the name. Bounded to 2 s a call. */
  lookAtRecords(input: { readonly run: RunContext }): Promise<RecordLook>;
  /** Reads the epoch's record alone, whatever stands at the name that customers use. Bounded to 2 s. */
  readZoneEpoch(input: { readonly run: RunContext }): Promise<ZoneEpoch>;
  readRoute(input: { readonly run: RunContext }): Promise<Route>;
  /** Asks the authoritative servers until all that answer give `to`'s address alone, then the resolvers. Bounded by `withinSeconds`; a record that did not move is `moved: false`. */
  proveRoute(input: {
    readonly run: RunContext;
    readonly to: SiteId;
    readonly withinSeconds: number;
  }): Promise<({ readonly moved: true } & RouteProof) | { readonly moved: false; readonly detail: string }>;
  /** Reads the zone, and calls the plan's maintenance answer under the public name; one that is silent is called again for two probe time-outs. */
  lookAtShares(input: { readonly run: RunContext; readonly to: SiteId }): Promise<SharesLook>;
  /**
   * Asks each authoritative server several times, until each answer of all that answer is one address alone: of `to`, or of the plan's maintenance answer; of that alone where
   * the share is 0. Bounded by `withinSeconds`.
   */
  proveShare(input: {
    readonly run: RunContext;
    readonly to: SiteId;
    readonly percent: number;
    readonly withinSeconds: number;
  }): Promise<{ readonly proven: true } | { readonly proven: false; readonly detail: string }>;
}

export interface DnsChanges {
  /**
   * Writes the run's epoch into the zone (compare-and-set), so that no older run can change a record. Values of others at its name stay. One try of 2 s a call; `stale-epoch`
   * when a newer run has written.
   */
  claimZone(input: { readonly run: RunContext }): Promise<ZoneEpoch>;
  /** Data plane: throws the switch away from `from` at every reachable site of `switchSites`; one suffices, the answer says which. Fails when none could be thrown, or when the epoch does not stand at a majority. */
  throwSwitch(input: {
    readonly run: RunContext;
    readonly from: SiteId;
    readonly to: SiteId;
    readonly switchSites: readonly SiteId[];
  }): Promise<Change & { readonly thrownAt: readonly SiteId[] }>;
  /**
   * Control plane: points the record at `to` and nowhere else, in one batch with the TXT epoch (compare-and-set), and waits for INSYNC within the plan's bound. A primary
   * record that lacks is created, and shares of a cold start are replaced by one plain record. Asks a majority of all holders first: a newer run that could not reach the DNS API has left its epoch with the others only. `refused`, with nothing
   * changed, for what no run can point to a site.
   */
  changeRecord(input: { readonly run: RunContext; readonly to: SiteId }): Promise<Change>;
  /**
   * Control plane: leads `percent` of the customers (0 to 99) to `to` and the others to the plan's maintenance answer, by two weighted sets in the place of whatever stands at the
   * name; otherwise as `changeRecord`. All customers are led there by that.
   */
  shareRecord(input: { readonly run: RunContext; readonly to: SiteId; readonly percent: number }): Promise<Change>;
}

export const dnsChanges = { claimZone: 'estate', throwSwitch: 'estate', changeRecord: 'estate', shareRecord: 'estate' } as const satisfies ReachOf<DnsChanges>;

export type DnsActivities = DnsReads & DnsChanges;
