/** What this worker can reach of an estate, as whom, and what it lacks. Reads only; nothing is created, changed or logged in to for longer than a question. */
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';

/** One permission or path that steps of a procedure need. */
export interface AccessCheck {
  /** What was tried, such as `site agent over SSH`. */
  readonly what: string;
  /** Step ids of the plan that need it. */
  readonly steps: readonly string[];
  readonly result: 'ok' | 'lacking' | 'unreachable';
  /** As whom, such as `recovery with key SHA256:…` or `dr_observer`. */
  readonly as: string;
  /** One sentence: what was found. */
  readonly detail: string;
  /** The exact text to add, and where; absent when nothing is lacking or no line would help. */
  readonly add?: { readonly where: string; readonly line: string };
}

export interface SiteAccess {
  readonly site: SiteId;
  readonly checks: readonly AccessCheck[];
}

export interface AccessActivities {
  /** Agent, PostgreSQL, Redis and service of one site. Never throws for what cannot be reached. Bounded by some of the plan's SSH time-outs. */
  checkSiteAccess(input: { readonly run: RunContext; readonly site: SiteId }): Promise<SiteAccess>;
  /** What belongs to no site: DNS API and servers, witnesses of the epoch, mail, monitoring, the report folder. */
  checkSharedAccess(input: { readonly run: RunContext }): Promise<readonly AccessCheck[]>;
}
