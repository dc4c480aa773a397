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
   * record that lacks is created. Asks a majority of all holders first: a newer run that could not reach the DNS API has left its epoch with the others only. `refused`, with nothing
   * changed, for what no run can point to a site.
   */
  changeRecord(input: { readonly run: RunContext; readonly to: SiteId }): Promise<Change>;
}

export const dnsChanges = { claimZone: 'estate', throwSwitch: 'estate', changeRecord: 'estate' } as const satisfies ReachOf<DnsChanges>;

export type DnsActivities = DnsReads & DnsChanges;
