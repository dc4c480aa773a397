/** What a recovery has learned so far: everything that its report is made of, apart from the steps themselves. */
import type { Vantage } from '../../activities/detection/port.ts';
import type { RecordLook, ZoneEpoch } from '../../activities/dns/port.ts';
import type { Fence, WriterState } from '../../activities/fencing/port.ts';
import type { AgentState } from '../../activities/hosts/port.ts';
import type { FunctionVerdict } from '../../activities/verification/port.ts';
import type { WitnessState } from '../../activities/witness/port.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { Refusals } from '../../plan/rules/refusals.ts';
import type { Loss } from '../../report/report.ts';
import type { Moments } from './clock.ts';

/** What every agent, the zone and every witness answered when they were asked. */
export interface EpochSurvey {
  /** RFC 3339. */
  readonly askedAt: string;
  readonly agents: readonly AgentState[];
  readonly zone: ZoneEpoch;
  readonly witnesses: readonly WitnessState[];
}

/** What a run knows of one site that is believed lost. */
export interface LostSite {
  readonly site: SiteId;
  vantages: readonly Vantage[];
  /** When the vantage points last looked; RFC 3339, absent before the first look. */
  lookedAt?: string;
  /** When its agent gave no answer to the question before the epoch was claimed; RFC 3339, null when it gave one. */
  agentSilentAt: string | null;
}

export interface RecoveryFacts {
  /** Reason of the person who declared the site failed against the probes; absent when the probes decide. */
  readonly declaredFailed?: { readonly reason: string; readonly since?: string };
  readonly moments: Moments;
  /** One for each site that the run is started for as failed. */
  readonly lost: readonly LostSite[];
  /** What stands at the public name, as it was looked at for the gate; null before. */
  records: RecordLook | null;
  /** What the target's agent would refuse, asked along with the last look before anything is changed; null before. */
  refusals: Refusals | null;
  /** What was found against the target along with that look, one sentence each: a server of it that is gone, another one that is a primary. */
  foundAgainst: readonly string[];
  loss: Loss | null;
  /** When the target's cache last heard from the failed primary, seen before anything was detached; RFC 3339. */
  cacheContactAt: string | null;
  /** Loss of the cache, for the functions that live there; null before it was counted, and where the estate has none. */
  cacheLoss: Loss | null;
  /** Loss that people accepted: so many seconds when it was counted (RFC 3339), or whatever it is; null when nobody was asked. */
  acceptedLoss: { readonly seconds: number; readonly countedAt: string } | 'whatever it is' | null;
  /** Epochs as they were read along with the last look at the site; null before it and once they were used. */
  epochSurvey: EpochSurvey | null;
  fences: readonly Fence[];
  /** End state as it was expected before the start, and as it was read at the end. */
  predicted: readonly WriterState[];
  observed: readonly WriterState[];
  /** The latest verdict on each function. */
  readonly verdicts: Map<string, FunctionVerdict>;
  /** Functions of lower tiers that did not pass and that people chose to go on without. */
  goneOnWithout: readonly string[];
}

/** What the claim of an epoch needs and leaves. */
export type EpochFacts = Pick<RecoveryFacts, 'epochSurvey' | 'lost'>;

export function newFacts(failed: readonly SiteId[], start: Pick<RecoveryFacts, 'declaredFailed'>): RecoveryFacts {
  return {
    ...start,
    moments: {},
    lost: failed.map((site) => ({ site, vantages: [], agentSilentAt: null })),
    records: null,
    refusals: null,
    foundAgainst: [],
    loss: null,
    cacheContactAt: null,
    cacheLoss: null,
    acceptedLoss: null,
    epochSurvey: null,
    fences: [],
    predicted: [],
    observed: [],
    verdicts: new Map(),
    goneOnWithout: [],
  };
}

/** The lost site whose customers and data the run is about. Throws where the run is about none. */
export function lostSource({ lost }: Pick<RecoveryFacts, 'lost'>, source: SiteId): LostSite {
  const found = lost.find(({ site }) => site === source);
  if (!found) throw new Error(`${source} is not among the failed sites of this run.`);
  return found;
}
