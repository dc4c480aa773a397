/** Everything that can be said to a run, and asked of it. Wire name = const name without its suffix. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AccessCheck, SiteAccess } from '../../activities/access/port.ts';
import type { RestorePoints, Snapshots } from '../../activities/restore/port.ts';
import type { Places } from '../../plan/rules/places.ts';
import type { PlanSnapshot, SiteId } from '../../plan/schema.ts';
import type { GateRecord, Loss, Mode, Outcome, Phase, Report, StepRecord, TimelineEntry } from '../../report/report.ts';

/** What the input of every procedure has. */
export interface StartInput {
  /** Estate as the plan names it. The workflow id must be `recovery/<estate>` (`dry-run/<estate>` in mode `dry-run`), or the start is refused. */
  readonly estate: string;
  readonly mode: Mode;
  /** Id of the person (or name of the service) that starts the run; a person does not vote in it. */
  readonly startedBy: string;
  /** SHA-256 of the plan that the starter has read; the start is refused when the worker holds another. Absent: the worker's plan. */
  readonly planDigest?: string;
}

/** Input of the workflow type `assessment`: what a failover would find now. Changes nothing. */
export interface AssessmentInput {
  readonly estate: string;
  readonly from: SiteId;
  readonly planDigest?: string;
}

/** A vote, the same by signal and by update. */
export interface Vote {
  /** Gate id as the run shows it, such as `activation-3f9c2a`. */
  readonly gate: string;
  /** One of the choices that the gate lists, with the value that it asks for, such as `accept 42`. */
  readonly choice: string;
  /** Person id of the plan. Asserted: nothing proves it yet. */
  readonly who: string;
  readonly reason: string;
}

/** `approve` and `reject` leave the choice out. */
export type ShortVote = Omit<Vote, 'choice'>;

/** What the tally answers to a vote by update that counts; one that does not fails the update with its sentence. */
export interface VoteReceipt {
  readonly gate: string;
  /** Always true in an answer. */
  readonly counted: boolean;
  readonly note: string;
  /** Votes for this choice so far, and how many it needs. */
  readonly votes: number;
  readonly quorum: number;
}

// Signals, so that Temporal UI and any stock client can vote; no answer comes back, refusals stand in the run's details.
/** Votes `approve` at the open gate. */
export const approveSignal = defineSignal<[ShortVote]>('approve');
/** Votes `reject` at the open gate. */
export const rejectSignal = defineSignal<[ShortVote]>('reject');
/** Votes at the open gate. */
export const voteSignal = defineSignal<[Vote]>('vote');
/** Votes at the open gate, and a refusal answers at once. The UI lists it apart from the signal of the same name. */
export const voteUpdate = defineUpdate<VoteReceipt, [Vote]>('vote');

// People of the plan stop and resume; what others say is on record and holds nothing.
/** Holds the run before its next change; what is under way ends first. Who stands in the plan. */
export const stopSignal = defineSignal<[{ readonly who: string; readonly reason: string }]>('stop');
/** Lets a stopped run go on. Who stands in the plan. */
export const resumeSignal = defineSignal<[{ readonly who: string; readonly reason: string }]>('resume');
/** Tells a fence-on-return child why it is about to be cancelled, which is kept in its result. By itself it ends nothing: whoever may vote may send it. */
export const supersedeSignal = defineSignal<[{ readonly reason: string }]>('supersede');

/** The gate that is open now, for people and programs. */
export interface OpenGate extends Omit<GateRecord, 'decision' | 'closedAt' | 'identity'> {
  /** Votes that count for each choice; those that choose differently stand apart. */
  readonly totals: Readonly<Record<string, number>>;
  readonly choices: readonly string[];
  readonly deadlineAt: string;
  readonly evidence: readonly string[];
  readonly evidenceAt: string;
  /** A vote as JSON, to copy and to complete: nobody has this `who`, so that nobody votes in another's name by mistake. */
  readonly exampleVote: Vote;
}

/** Answer of the `status` query. */
export interface RunStatus {
  readonly runId: string;
  readonly estate: string;
  readonly procedure: string;
  readonly mode: Mode;
  readonly phase: Phase;
  readonly places: Places;
  readonly startedAt: string;
  /** Time of the run's last event: everything here, the forecast too, is as it was then. */
  readonly at: string;
  readonly epoch: number;
  readonly stopped: { readonly who: string; readonly reason: string; readonly at: string } | null;
  /** The clock against the strictest objective, e.g. `breach at 14:32:05Z`, or so far and at most by the bounds of the steps ahead. */
  readonly forecast: string;
  /** When the strictest objective is over; RFC 3339. Null while no failure is on record. */
  readonly rtoEndsAt: string | null;
  readonly failedSince: string | null;
  readonly gate: OpenGate | null;
  /** What comes of the open gate when nobody decides before its deadline, as the end of a sentence; null without one. */
  readonly ifNobodyDecides: string | null;
  /** What was said to the run and came to nothing, a line each: the first ones, and one line for all others. */
  readonly refused: readonly string[];
  readonly steps: readonly StepRecord[];
  /** Ids of the steps that have not begun, and their names. */
  readonly pendingSteps: readonly string[];
  readonly pendingStepNames: readonly string[];
  readonly loss: Loss | null;
  /** What the loss is of, such as `the database`, where that is not all. */
  readonly lossOf?: string;
  readonly changes: readonly string[];
  /** What did not go as planned so far, and what is left to do. */
  readonly exceptions: readonly string[];
  readonly leftovers: readonly string[];
  readonly timeline: readonly TimelineEntry[];
  /** What was too much for an answer, a sentence for each list; absent when everything is here. */
  readonly leftOut?: readonly string[];
  readonly outcome: Outcome | null;
}

/** Where the run is: phase, question, clock, steps, changes. */
export const statusQuery = defineQuery<RunStatus>('status');
/** The plan that the run works on, for the worker's activities and for people. */
export const planQuery = defineQuery<PlanSnapshot | null>('plan');
/** The report so far; complete once the run has ended. */
export const reportQuery = defineQuery<Report>('report');

/** One site as a target, as the assessment sees it. */
export interface TargetAssessment {
  readonly site: SiteId;
  readonly eligible: boolean;
  readonly reasons: readonly string[];
  readonly lagBytes: number | 'unknown';
  readonly lastMessageAgeSeconds: number | 'unknown';
  /** When its cache last heard from the failed primary; RFC 3339. Absent where it follows nobody. */
  readonly cacheContactAt?: string;
  readonly estimatedLoss: Loss;
  readonly estimatedSeconds: number;
  /** Execution of the earlier run that promoted its database; absent where none has. A failover to it goes on from there. */
  readonly promotedBy?: string;
  /** An earlier run has promoted its cache. */
  readonly cachePromoted?: true;
}

/** Evidence of the activation gate. */
export interface Assessment {
  readonly at: string;
  readonly from: SiteId;
  readonly verdict: 'failed' | 'alive' | 'undecided';
  readonly vantages: readonly {
    readonly observer: string;
    readonly kind: string;
    readonly verdict: string;
    readonly detail: string;
    readonly failingSince?: string;
  }[];
  readonly failedSince: string | null;
  readonly score: number;
  readonly scoreParts: readonly string[];
  readonly escalationLevel: number;
  /** What the source document's rule would have done with this score. */
  readonly sourceRuleAction: string;
  readonly restartInPlace: { readonly eligible: boolean; readonly reason: string };
  readonly targets: readonly TargetAssessment[];
  readonly recommendation: string;
  /** One sentence for each clock that is not as it should be; absent in a result of an older release. */
  readonly clocks?: readonly string[];
}

/** Result of `assessment`: what a failover would find, and what stands at the public name. */
export interface AssessmentResult extends Assessment {
  /** One sentence for each thing at the public name that a route cannot change, or that is not as the plan says; absent in a result of a release before this look. */
  readonly records?: readonly string[];
}

/** Input of the workflow type `estateCheck`: what the workers reach, as whom, and what they lack. Changes nothing. */
export interface EstateCheckInput {
  readonly estate: string;
  readonly planDigest?: string;
}

/** Result of `estateCheck`. */
export interface EstateCheck {
  readonly at: string;
  readonly planDigest: string;
  readonly sites: readonly SiteAccess[];
  /** What belongs to no site. */
  readonly shared: readonly AccessCheck[];
}

/** Input of the workflow type `restorePoints`: what can be restored, and where. Changes nothing. */
export interface RestorePointsInput {
  readonly estate: string;
  readonly planDigest?: string;
}

/** Result of `restorePoints`. */
export interface RestorePointsFound {
  readonly at: string;
  readonly planDigest: string;
  /** One for each site where the plan restores; empty where it restores nowhere. */
  readonly sites: readonly RestorePoints[];
  /** Of each of them, one for each other store that the plan restores. */
  readonly snapshots: readonly Snapshots[];
}
