/** The in-memory store of sessions: who is ahead, catch up, promote. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, RunContext } from '../context.ts';

export type CacheState =
  | {
      readonly site: SiteId;
      readonly reachable: true;
      readonly role: 'primary' | 'replica';
      /** Host of the primary that it follows; `none` for a primary. */
      readonly follows: string;
      readonly linkUp: boolean;
      /** Seconds since the last byte from the primary; absent for a primary. */
      readonly lastIoAgeSeconds?: number;
      readonly replicationId: string;
      readonly offset: number;
      readonly keys: number;
    }
  | { readonly site: SiteId; readonly reachable: false; readonly reason: string };

export interface CacheActivities {
  readCache(input: { readonly run: RunContext; readonly site: SiteId }): Promise<CacheState>;
  /** Makes the server at `site` a replica of the one at `source` and waits until the link is up and the offset has caught up. */
  followCache(input: { readonly run: RunContext; readonly site: SiteId; readonly source: SiteId }): Promise<Change>;
  /** Promotes `site`, points `replicas` at it, compares digests; done when a write is acknowledged. */
  promoteCache(input: {
    readonly run: RunContext;
    readonly site: SiteId;
    readonly replicas: readonly SiteId[];
  }): Promise<Change & { readonly offset: number; readonly digestsEqual: boolean | 'no replica' }>;
}
