/** Is the site failed, as seen from several vantage points? Reads only. */
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';

/** Vantage points of different kinds fail for different reasons; failure needs two kinds. */
export type VantageKind = 'orchestrator' | 'site-agent' | 'health-check';

/** One look at one thing. */
export interface Observation {
  readonly check: 'service' | 'ssh' | 'database' | 'cache' | 'replication' | 'cache-link' | 'health-check';
  readonly ok: boolean;
  /** When the probe was sent; RFC 3339, UTC. */
  readonly sentAt: string;
  /** Age of the last sign of life, for checks that have one (last WAL message, last cache link byte). */
  readonly ageSeconds?: number;
  readonly detail: string;
}

/** What one observer saw over a time. */
export interface Vantage {
  readonly kind: VantageKind;
  /** `orchestrator`, a site id, or `route53`. */
  readonly observer: string;
  /**
   * `failed`: service and database gave no answer, up to the last round, for `heldSeconds`; `impaired`: some checks failed in the last round; `alive`: a round was healthy, which ends the watch at once;
   * `blind`: the observer could not be asked, or reached none of its reference targets.
   */
  readonly verdict: 'failed' | 'impaired' | 'alive' | 'blind';
  /** The last round, check by check. */
  readonly observations: readonly Observation[];
  /** Send time of the earliest failed observation in the unbroken row, from the observer's own record where it keeps one; RFC 3339. */
  readonly failingSince?: string;
  /** How long this watch lasted, and how many rounds it made. */
  readonly heldSeconds: number;
  readonly rounds: number;
  readonly detail: string;
}

export interface WatchInput {
  readonly run: RunContext;
  readonly site: SiteId;
  /** How long failure must last. 0 makes one round, or takes one without a sign of life that ended within the last probe interval. */
  readonly holdSeconds: number;
  /** For how long the observer goes on looking afterwards, so that the next look finds such a round; absent: not at all. */
  readonly goOnSeconds?: number;
}

/** What a site that was given up says of itself. */
export interface Standing {
  /** Its agent answers, and is who the plan says. */
  readonly answers: boolean;
  /** The states of its servers and its service, or that nobody answers: equal as long as nothing has changed there. */
  readonly says: string;
}

export interface AwaitReturnInput {
  readonly run: RunContext;
  readonly site: SiteId;
  /** What it said when it was last looked at; absent: the first look is the answer. */
  readonly unlike?: string;
  /** How often it is looked at. */
  readonly everySeconds: number;
}

/** Each watch bounded by hold time + 4 × probe time-out; never throws for a site or an observer that cannot be reached, fails or is not who the plan says. */
export interface DetectionActivities {
  /** Probes of the orchestrator itself: service, SSH, database, cache; `blind` when it reaches no reference target. */
  watchFromOrchestrator(input: WatchInput): Promise<Vantage>;
  /** Probes by another site's agent, plus the age of replication there. `observer` names that site. */
  watchFromSite(input: WatchInput & { readonly observer: SiteId }): Promise<Vantage>;
  /** The DNS provider's own health check of the site. */
  watchHealthCheck(input: WatchInput): Promise<Vantage>;
  /** Ends when the site says something else than `unlike`. Until then each look is a `transient` failure with the time of the next one, so that the wait is the server's and costs no event. */
  awaitReturn(input: AwaitReturnInput): Promise<Standing>;
}
