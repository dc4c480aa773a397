/** The report of a run as data. Everything in it was observed or recorded during the run; nothing is copied from the plan but the targets. */
import type { CountedBeyond } from '../plan/rules/beyond.ts';
import type { Loss } from '../plan/rules/loss.ts';
import type { Places } from '../plan/rules/places.ts';
import type { ServerKind } from '../plan/rules/servers.ts';

export type { Loss } from '../plan/rules/loss.ts';

/** What the lists that people must read are called, wherever they stand. */
export const titles = { exceptions: 'Not as planned', leftovers: 'Left to do', addendum: 'Counted since, when the old site came back' } as const;

/** The end that a procedure is meant to come to: what had failed is recovered, or what was planned is done. */
export type GoodEnd = 'recovered' | 'done';

/** How a run ended. A skipped step never yields a plain `recovered` or `done`. */
export type Outcome = GoodEnd | `${GoodEnd} with exceptions` | 'stood down' | 'aborted' | 'failed';

export const modeNames = ['live', 'dry-run'] as const;
export type Mode = (typeof modeNames)[number];

/** Where a run is. */
export type Phase = 'detecting' | 'deciding' | 'fencing' | 'preparing' | 'promoting' | 'verifying' | 'routing' | 'watching' | 'closing' | 'undoing' | 'ended';

export interface StepRecord {
  readonly id: string;
  readonly name: string;
  /** Where the run was when the step began. */
  readonly phase: Phase;
  readonly result: 'running' | 'done' | 'failed' | 'skipped' | 'undone' | 'would do';
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly durationSeconds?: number;
  /** What it found or changed, in a sentence. */
  readonly evidence: string;
  /** People's time spent inside the step, at its gates. */
  readonly waitedForPeopleSeconds: number;
  readonly critical: boolean;
}

export interface VoteRecord {
  readonly gate: string;
  readonly choice: string;
  readonly who: string;
  readonly reason: string;
  readonly at: string;
  readonly channel: 'signal' | 'update';
  /** Counted, or the sentence with which it was refused, or made void by worse evidence. */
  readonly result: 'counted' | 'refused' | 'void';
  readonly note: string;
}

/** What of a list was counted and not kept: its first and its last entry, and a digest by which the others can be told to be those in the history. */
export interface Beyond<T> {
  readonly count: number;
  readonly first: T;
  readonly last: T;
  /** Of all of them as JSON, each on a line that ends. */
  readonly sha256: string;
}

/** Something that was said to the run and came to nothing. */
export interface RefusalRecord {
  readonly at: string;
  /** Signal or update: `vote`, `stop`, or a name that no run knows. */
  readonly name: string;
  readonly channel: 'signal' | 'update';
  /** Who it said that it is from; empty where it did not say so. */
  readonly who: string;
  /** Why, in a sentence. */
  readonly note: string;
}

/** What people typed after the word of their choice. */
export interface GateAnswer {
  /** A figure; else a site, a moment in RFC 3339 (UTC), or the id of an entry. */
  readonly value: number | string;
  /** Of a figure, such as `s`. */
  readonly unit?: string;
}

/** A decision as people say it: `approve`, `accept 42 s`, `restore base-2`. */
export function chosen({ decision, answer }: Pick<GateRecord, 'decision' | 'answer'>): string {
  return [decision, ...(answer ? [answer.value, ...(answer.unit === undefined ? [] : [answer.unit])] : [])].join(' ');
}

export interface GateRecord {
  readonly gate: string;
  readonly question: string;
  readonly openedAt: string;
  readonly closedAt?: string;
  /** The choice that won, `expired`, `stopped` when the run ended first, or `not asked` in a dry run. */
  readonly decision: string;
  /** What was agreed on with it; absent where only the word is asked for, and in reports of a release before this. */
  readonly answer?: GateAnswer;
  readonly quorum: number;
  readonly electorate: readonly string[];
  /** Votes that stand, were voided, or changed since; of those refused and of those changed the first ones. */
  readonly votes: readonly VoteRecord[];
  /** Votes that their people changed since, and that are not kept; absent while all are. */
  readonly changedBeyond?: Beyond<VoteRecord>;
  /** Until proof of identity exists. */
  readonly identity: 'asserted';
}

export interface ServerRecord {
  readonly site: string;
  readonly server: ServerKind;
  readonly state: 'writer' | 'fenced' | 'standby' | 'unknown';
  readonly how: string;
}

export interface FunctionRecord {
  readonly id: string;
  readonly name: string;
  readonly tier: number;
  readonly status: 'ok' | 'degraded' | 'failed' | 'not verified';
  readonly rtoSeconds: { readonly target: number; readonly achieved: number | 'not reached' };
  readonly rpoSeconds: { readonly target: number; readonly achieved: Loss };
  /** Share of the plan's annual cost for the time of the outage; absent where the plan has no figure. */
  readonly cost?: { readonly amount: number; readonly currency: string };
  readonly differences: readonly string[];
}

/** The clock of a run by what it is about, all from recorded times; seconds. */
export type Clock = OutageClock | PlannedClock;

/** Something had failed. */
export interface OutageClock {
  readonly kind: 'outage';
  /** Send time of the earliest failed observation on record; RFC 3339. */
  readonly failedSince: string;
  /** `observed`, or `asserted` when a person gave it. */
  readonly failedSinceBasis: 'observed' | 'asserted';
  readonly detectionSeconds: number;
  /** From the question to the answer. */
  readonly decisionSeconds: number;
  /** From the answer until verified and ready for traffic. */
  readonly executionSeconds: number;
  /** The DNS method's own time: from the change until the authoritative answer. */
  readonly routingSeconds: number;
  readonly routingMethod: string;
  /** The TTL that was served: caches may keep the old answer so long. */
  readonly ttlSeconds: number;
  /** From the first failed observation until the last customer's cache has expired. */
  readonly totalSeconds: number | 'not reached';
  /** Part of all this in which the run waited for people. */
  readonly peopleSeconds: number;
}

/** Nothing had failed: customers are stopped on purpose, and for as short as can be. */
export interface PlannedClock {
  readonly kind: 'planned';
  /** When the work began; RFC 3339. */
  readonly begunAt: string;
  /** From the begin to the answer of people. */
  readonly decisionSeconds: number;
  /** From the answer until customers were stopped, or until the end where they were not. */
  readonly preparationSeconds: number;
  /** From then until the last customer was served again. */
  readonly interruptionSeconds: number | 'none' | 'not ended';
  /** From the begin to the end of the interruption, or of the work where there was none. */
  readonly totalSeconds: number | 'not reached';
  /** Part of all this in which the run waited for people. */
  readonly peopleSeconds: number;
}

export interface TimelineEntry {
  readonly at: string;
  readonly text: string;
}

/** What was counted after the run, when the lost site came back: from the watch that the run left behind. */
export interface Addendum {
  /** RFC 3339. */
  readonly at: string;
  readonly site: string;
  /** What only the old database committed, in sentences. */
  readonly text: string;
  /** The same in figures. */
  readonly counted?: CountedBeyond;
  /** Why the stakeholders were not told; absent when they were. */
  readonly notTold?: string;
}

export interface Report {
  readonly runId: string;
  readonly estate: string;
  readonly procedure: string;
  readonly mode: Mode;
  /** True while the run goes on: everything is as it stands so far, the outcome too. */
  readonly open: boolean;
  readonly outcome: Outcome;
  /** One sentence: what happened. */
  readonly summary: string;
  readonly plan: { readonly name: string; readonly version: string; readonly digest: string };
  readonly places: Places;
  readonly startedBy: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly epoch: number;
  /** When the run began to go forward only; RFC 3339. Null when it did not come so far. */
  readonly pointOfNoReturnAt: string | null;
  readonly clock: Clock | null;
  readonly loss: Loss;
  /** Skipped and failed optional steps and leftovers: they come first. */
  readonly exceptions: readonly string[];
  readonly leftovers: readonly string[];
  readonly servers: { readonly predicted: readonly ServerRecord[]; readonly observed: readonly ServerRecord[] };
  readonly functions: readonly FunctionRecord[];
  readonly steps: readonly StepRecord[];
  readonly gates: readonly GateRecord[];
  /** What was said to the run and came to nothing; absent in reports of a release before this record. Updates that are refused after the first ones leave no trace. */
  readonly refusals?: { readonly kept: readonly RefusalRecord[]; readonly beyond: Beyond<RefusalRecord> | null };
  readonly timeline: readonly TimelineEntry[];
  /** What was too much to be kept, a sentence for each list; absent when everything is here. */
  readonly leftOut?: readonly string[];
  /** Changes made, in order, or in a dry run the changes that would have been made. */
  readonly changes: readonly string[];
  /** Never in the stored report, which does not change: whoever shows it later adds this. */
  readonly addendum?: Addendum;
}
