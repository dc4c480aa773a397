/** The in-memory store of sessions: who is ahead, catch up, promote. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, ReachOf, RunContext } from '../context.ts';

/**
 * `detached`: it has only left its primary, or is closed, and refuses writes. `promoted`: a primary by a run of ours. `unexplained`: a primary that no run of ours has made.
 * `untold`: a primary, and its agent or API does not tell more.
 */
export type Standing = 'replica' | 'detached' | 'promoted' | 'unexplained' | 'untold';

export type CacheState =
  | {
      readonly site: SiteId;
      readonly reachable: true;
      readonly role: 'primary' | 'replica';
      readonly standing: Standing;
      /** Site of the primary that it follows; `none` for a primary, `unknown` when its agent does not answer. */
      readonly follows: string;
      readonly linkUp: boolean;
      /** Seconds since the last byte from the primary; absent for a primary. */
      readonly lastIoAgeSeconds?: number;
      /** The stream of changes that `offset` counts in; of a server that left its primary, the primary's still. Offsets compare within one stream only. */
      readonly stream: string;
      readonly offset: number;
      /** Keys in all, those that never expire, and those that the server has let expire by itself. */
      readonly keys: number;
      readonly lastingKeys: number;
      readonly expiredKeys: number;
    }
  | { readonly site: SiteId; readonly reachable: false; readonly reason: string };

/** What is known of the contents of a promoted cache and its replicas, by how it was had. An observer reads no values, so nobody can say that those are equal. */
export type Comparison =
  | {
      readonly by: 'numbers of keys';
      readonly equal: boolean;
      /** By site, the promoted one first, as last seen. */
      readonly keys: readonly { readonly site: SiteId; readonly all: number; readonly lasting: number }[];
    }
  | { readonly by: 'nothing'; readonly why: string };

export interface CacheReads {
  readCache(input: { readonly run: RunContext; readonly site: SiteId }): Promise<CacheState>;
}

export interface CacheChanges {
  /** Makes the server at `site` a replica of the one at `source` and waits until the link is up and the offset has caught up, `withinSeconds` at most. */
  followCache(input: { readonly run: RunContext; readonly site: SiteId; readonly source: SiteId; readonly withinSeconds: number }): Promise<Change>;
  /** Promotes `site`, points `replicas` at it, compares what they hold; done when a write is acknowledged. */
  promoteCache(input: {
    readonly run: RunContext;
    readonly site: SiteId;
    readonly replicas: readonly SiteId[];
  }): Promise<Change & { readonly comparison: Comparison }>;
}

export const cacheChanges = { followCache: 'estate', promoteCache: 'estate' } as const satisfies ReachOf<CacheChanges>;

export type CacheActivities = CacheReads & CacheChanges;
