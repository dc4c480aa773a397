/** Does one cache hold everything that another one holds? Pure. */

/** A cache server as it was read after its primary was lost. */
export interface CacheFacts {
  readonly site: string;
  /** Site of the primary that it follows, and whether that link is up; `none` for a primary. */
  readonly follows: string;
  readonly linkUp: boolean;
  /** The stream of changes that `offset` counts in; offsets compare within one stream only. */
  readonly stream: string;
  readonly offset: number;
  /** Keys in all, those that never expire, and those that the server has let expire by itself. */
  readonly keys: number;
  readonly lastingKeys: number;
  readonly expiredKeys: number;
}

export type CacheOrder = 'has all' | 'is behind' | 'lacks keys' | 'cannot be compared';

/** How `own` stands to `other`. A server may be as far as another and hold less, when it has lost keys by itself. */
export function compareCaches(own: CacheFacts, other: CacheFacts): CacheOrder {
  if (other.follows === own.site) return 'has all';
  const linked = own.follows === other.site && own.linkUp;
  if (!linked && own.stream !== other.stream) return 'cannot be compared';
  if (!linked && own.offset < other.offset) return 'is behind';
  return lacksKeys(own, other) ? 'lacks keys' : 'has all';
}

/** A server without a primary lets keys expire at its own pace; those that it has let go so are no loss. */
function lacksKeys(own: CacheFacts, other: CacheFacts): boolean {
  return own.lastingKeys < other.lastingKeys || own.keys + own.expiredKeys < other.keys;
}
