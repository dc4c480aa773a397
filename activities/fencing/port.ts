/** Make sure that the failed site acknowledges no write any more, and prove it. */
import type { CountedBeyond } from '../../plan/rules/beyond.ts';
import type { ServerKind } from '../../plan/rules/servers.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { ReachOf, RunContext } from '../context.ts';

/** Can this server still acknowledge a write? */
export interface WriterState {
  readonly site: SiteId;
  readonly server: ServerKind;
  readonly state: 'writer' | 'fenced' | 'standby' | 'unknown';
  /** How the state was proven, or why it is not known. */
  readonly how: string;
  /** Of a writer that acknowledges nothing now: what each write waits for. Absent where it acknowledges, and where its agent is too old to tell. */
  readonly waits?: string;
}

export interface Fence {
  readonly method: 'agent' | 'replication';
  /** At least one server is named in `servers`, and every one is proven fenced. A false one is a value: the next method is tried. */
  readonly proven: boolean;
  readonly servers: readonly WriterState[];
  /** One sentence: the write that failed, or the settings that make an acknowledgement impossible; or why there is no proof. */
  readonly proof: string;
  /** Why the site's own agent, which was asked first, has not proven the same servers; for people alone. The run adds it, no driver does; absent when the agent was not asked. */
  readonly byAgentBefore?: string;
  /** What the proof takes for granted; absent when nothing. */
  readonly assumption?: string;
  /** The last word of the lost server about itself, since when the assumption alone speaks; RFC 3339. Absent without an assumption, and in the results of older releases. */
  readonly assumedSince?: string;
  /** What holds and is less than it should be, one sentence each, such as a fence that ends with a restart. Absent in the results of older releases. */
  readonly exceptions?: readonly string[];
  /** Last WAL position that the failed primary can have acknowledged, when the method shows it. */
  readonly positionBytes?: number;
  /** Where the furthest of the standbys that left it stood, when that is less: what lies between, the primary had written and none of them has. */
  readonly leftAtBytes?: number;
  /** When the failed server can last have acknowledged a write; RFC 3339, absent where that may have been until the fence itself. */
  readonly acknowledgedUntil?: string;
  readonly at: string;
}

/** What was done and is less than it should be, and what is left for people to do, one sentence each. Absent in the results of older releases. */
interface Shortfalls {
  readonly exceptions?: readonly string[];
  readonly remaining?: readonly string[];
}

/** A server that was told to follow again whom it followed before. One that was not taken back is `unknown`; its `how` says what to do. */
export interface Reattached extends WriterState, Shortfalls {}

export interface Unfencing extends Shortfalls {
  /** What works again, one sentence. */
  readonly done: string;
  /** One sentence for each server or service that was not taken back, and what to do. */
  readonly notTakenBack: readonly string[];
  readonly at: string;
}

/** Of an old primary whose site is back and closed. */
export interface CountBeyondInput {
  readonly run: RunContext;
  readonly site: SiteId;
  /** Site of the new primary; absent in watches of an older release. */
  readonly target?: SiteId;
  /** Where the standbys left the old primary, by the fence from afar. */
  readonly fencedPositionBytes?: number;
  /** Where the old primary ended, by the fence of its own agent. */
  readonly lastPositionBytes?: number;
}

export interface FencingReads {
  /** What only the database at `site` committed, counted from its WAL beyond the position at which the new primary branched off; null where no such position is known, or no agent can close that database. What cannot be counted is said in the value. */
  countBeyond(input: CountBeyondInput): Promise<CountedBeyond | null>;
  /** Which servers of these sites can acknowledge a write now? Unreachable ones are `unknown`. */
  readWriters(input: { readonly run: RunContext; readonly sites: readonly SiteId[] }): Promise<readonly WriterState[]>;
}

export interface FencingChanges {
  /** Through the site's own agent: service stopped, database closed, cache closed; proven by writes that fail. `proven: false` when the agent cannot be reached within the SSH time-out. */
  fenceByAgent(input: { readonly run: RunContext; readonly site: SiteId }): Promise<Fence>;
  /**
   * For a site that cannot be reached: `standbys` are all surviving ones; each leaves the primary, unless an earlier run has promoted it or pointed it elsewhere.
   * Proven only when the heartbeat read at one of them, not older than the plan's limit at the moment of the loss, shows settings under which no commit is acknowledged without one of them. Checked BEFORE anything is detached.
   */
  fenceDatabaseByReplication(input: { readonly run: RunContext; readonly site: SiteId; readonly standbys: readonly SiteId[] }): Promise<Fence>;
  /** All replicas leave; proven when `min-replicas-to-write` ≥ 1 is known from the heartbeat and the plan's replica max lag + 2 s has passed since. */
  fenceCacheByReplication(input: { readonly run: RunContext; readonly site: SiteId; readonly replicas: readonly SiteId[] }): Promise<Fence>;
  /** Takes `fenceByAgent` back: database and cache open, service started. Only before the point of no return. */
  unfenceByAgent(input: { readonly run: RunContext; readonly site: SiteId }): Promise<Unfencing>;
  /** Takes the fences by replication back, and what a catch-up has changed: standbys and replicas follow again whom they followed before. */
  reattach(input: {
    readonly run: RunContext;
    readonly site: SiteId;
    readonly standbys: readonly SiteId[];
    readonly replicas: readonly SiteId[];
  }): Promise<readonly Reattached[]>;
}

export const fencingChanges = {
  fenceByAgent: 'estate',
  fenceDatabaseByReplication: 'estate',
  fenceCacheByReplication: 'estate',
  unfenceByAgent: 'estate',
  reattach: 'estate',
} as const satisfies ReachOf<FencingChanges>;

export type FencingActivities = FencingReads & FencingChanges;
