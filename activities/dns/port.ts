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

export interface DnsActivities {
  readRoute(input: { readonly run: RunContext }): Promise<Route>;
  /** Data plane: throws the switch away from `from` at every reachable site of `switchSites`; one suffices, the answer says which. Fails only when none could be thrown. */
  throwSwitch(input: {
    readonly run: RunContext;
    readonly from: SiteId;
    readonly to: SiteId;
    readonly switchSites: readonly SiteId[];
  }): Promise<Change & { readonly thrownAt: readonly SiteId[] }>;
  /** Undo of `throwSwitch`. */
  resetSwitch(input: { readonly run: RunContext; readonly from: SiteId; readonly switchSites: readonly SiteId[] }): Promise<Change>;
  /** Control plane: points the record at `to`, in one batch with the TXT epoch (compare-and-set), and waits for INSYNC within the plan's bound. */
  changeRecord(input: { readonly run: RunContext; readonly to: SiteId }): Promise<Change>;
  /** Asks the authoritative servers until all that answer give `to`'s address, then the resolvers. Bounded by `withinSeconds`; a record that did not move is `moved: false`. */
  proveRoute(input: {
    readonly run: RunContext;
    readonly to: SiteId;
    readonly withinSeconds: number;
  }): Promise<({ readonly moved: true } & RouteProof) | { readonly moved: false; readonly detail: string }>;
}
