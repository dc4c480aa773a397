/** Steps that find out whether the site has failed and what a failover would mean. They change nothing. */
import { ActivityFailure, isCancellation, sleep } from '@temporalio/workflow';
import type { Vantage } from '../../activities/detection/port.ts';
import { seconds } from '../../plan/durations.ts';
import { wrongClocks } from '../../plan/rules/clocks.ts';
import { judgeFailure } from '../../plan/rules/failure.ts';
import type { Refusals } from '../../plan/rules/refusals.ts';
import { withoutHint } from '../../plan/rules/sentences.ts';
import { againstWriters } from '../../plan/rules/targets.ts';
import type { Reads } from '../../activities/index.ts';
import { assess, type Assessed, writersSeen } from '../estate/assess.ts';
import { RunEnding } from '../engine/endings.ts';
import { describe } from '../engine/failures.ts';
import { surveyEpochs } from '../estate/epochs.ts';
import { type LostSite, lostSource, type RecoveryFacts } from '../estate/facts.ts';
import type { Assessment } from '../wire/messages.ts';
import { now } from '../engine/clock.ts';
import type { Course } from '../engine/course.ts';
import type { Look } from '../engine/step-body.ts';
import { lookAtSite, secondsBetweenLooks, type Times } from '../estate/look.ts';
import { cacheSites, databaseSites } from '../estate/sites.ts';

/** Step: two vantage points of different kinds see the failure of each site that is believed lost, over the plan's hold time. */
export function confirmFailure(run: Course, facts: RecoveryFacts): Look<Looked> {
  const times = { holdSeconds: seconds(run.plan.estate.detection.holdTime), ...lookingOn(run) };
  return {
    act: async ({ read }) => recordVantages(run, facts, await lookAtLost(run, facts.lost, read, times)),
    found: describeVantages,
  };
}

/** Step: one more look right before anything is changed, at each failed site and at what would stand against the target by now. */
export function confirmAgain(run: Course, facts: RecoveryFacts): Look<Looked> {
  return lookOnceMore(run, facts, [
    async (read) => {
      facts.refusals = await refusalsOfTarget(run, facts, read);
    },
    async (read) => {
      facts.foundAgainst = await whatStandsAgainst(run, facts, read);
    },
  ]);
}

/** At each failed site, and `besides`. The epochs are read meanwhile: a dead site is silent to every question, and one such silence is enough. */
export function lookOnceMore(run: Course, facts: RecoveryFacts, besides: readonly ((read: Reads) => Promise<void>)[]): Look<Looked> {
  return {
    act: async ({ read }) => {
      const [looked, survey, ...others] = await Promise.allSettled([
        lookAtLost(run, facts.lost, read, { holdSeconds: 0 }),
        surveyEpochs(run, read),
        ...besides.map((look) => look(read)),
      ]);
      // What kept the survey from being made is for the step that needs it: it asks again.
      facts.epochSurvey = survey.status === 'fulfilled' ? survey.value : null;
      noteClocks(run, wrongClocks(facts.epochSurvey?.agents ?? [], seconds(run.plan.estate.detection.clockSkewMax)));
      if (looked.status === 'rejected') throw looked.reason;
      for (const other of others) if (other.status === 'rejected') throw other.reason;
      return recordVantages(run, facts, looked.value);
    },
    found: describeVantages,
  };
}

/** While people decide the site is looked at all the time, so that a round which has just ended is there when they have. Where nobody is asked, nobody looks. */
export function lookingOn(run: Course): { readonly goOnSeconds?: number } {
  return run.rules.gates === 'show' ? {} : { goOnSeconds: secondsBetweenLooks(run.plan) };
}

/** What was seen of each lost site. */
export type Looked = readonly { readonly lost: LostSite; readonly vantages: readonly Vantage[] }[];

/** At all of them side by side. */
export function lookAtLost(run: Course, sites: readonly LostSite[], read: Reads, times: Times): Promise<Looked> {
  return Promise.all(sites.map(async (lost) => ({ lost, vantages: await lookAtSite(read, run.context(), run.plan, lost.site, times) })));
}

/** The loss of the failed site as it was seen last. */
export function assessed(run: Course, facts: RecoveryFacts): Assessed {
  const { goOnSeconds } = lookingOn(run);
  return {
    plan: run.plan,
    from: run.places.source,
    vantages: lostSource(facts, run.places.source).vantages,
    failedSince: facts.moments.failedSince ?? null,
    ...(goOnSeconds === undefined ? {} : { goOn: { target: run.places.target, forSeconds: goOnSeconds } }),
  };
}

/** Each clock is told once. */
function noteClocks(run: Course, wrong: readonly string[]): void {
  for (const clock of wrong) {
    const whose = /^.*? (?:is|was) /.exec(clock)?.[0] ?? clock;
    if (!run.record.exceptions.some((known) => known.startsWith(whose))) run.except(clock);
  }
}

/** What the target's agent would refuse now. A question that fails holds nobody up: it counts as one that was not answered. */
export async function refusalsOfTarget(run: Course, facts: RecoveryFacts, read: Reads): Promise<Refusals> {
  try {
    return await read.readRefusals({ run: run.context(), site: run.places.target, part: 'survivor', lost: run.places.source });
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return { site: run.places.target, notAsked: { silent: false, reason: withoutHint(describe(error)).replace(/\.\s*$/, '') }, refused: [], exceptions: [] };
  }
}

/** Looks again where people held the run for so long that the last look proves nothing any more; a site that has recovered ends the run. */
export async function mustStillBeFailed(run: Course, facts: RecoveryFacts, read: Reads): Promise<void> {
  const ageOf = ({ lookedAt }: LostSite) => (lookedAt === undefined ? Infinity : Date.now() - Date.parse(lookedAt));
  const old = facts.lost.filter((lost) => ageOf(lost) > seconds(run.plan.estate.detection.evidenceMaxAge) * 1000);
  if (old.length === 0) return;
  for (const lost of old) run.note(`Looking at ${lost.site} again: the last look was ${Math.round(ageOf(lost) / 1000)} s ago.`);
  recordVantages(run, facts, await lookAtLost(run, old, read, { holdSeconds: 0 }));
  mustBeFailed(run, facts, { holdSeconds: 0 });
}

/** Ends the run when a site is not proven failed, unless a person has declared it or the mode only reports. */
export function mustBeFailed(run: Course, facts: RecoveryFacts, times: { readonly holdSeconds: number }): void {
  for (const lost of facts.lost) mustBeLost(run, facts, lost, times);
}

function mustBeLost(run: Course, facts: RecoveryFacts, { site, vantages }: LostSite, { holdSeconds }: { readonly holdSeconds: number }): void {
  const { verdict, reason } = judgeFailure(vantages, holdSeconds);
  if (verdict === 'failed') return;
  if (facts.declaredFailed) return run.note(`${run.start.startedBy} declares ${site} failed against the probes: ${facts.declaredFailed.reason} ${reason}`);
  if (run.rules.changes === 'print') return run.note(`${site} is not proven failed; the dry run goes on as if it were. ${reason}`);
  const happened = verdict === 'alive' ? `${site} is alive.` : `It is not certain that ${site} has failed.`;
  const next = 'People may declare it failed all the same, with a reason, when they start again.';
  throw new RunEnding('stood down', `${happened} ${reason} ${run.leftAs} ${next}`, true);
}

/** Step: score, targets, loss and time: the evidence of the gate. */
export function assessImpact(run: Course, facts: RecoveryFacts): Look<Assessment> {
  return {
    act: async ({ read }) => {
      const [assessment, records] = await Promise.all([assess(read, run.context(), assessed(run, facts)), read.lookAtRecords({ run: run.context() })]);
      facts.records = records;
      noteClocks(run, assessment.clocks ?? []);
      goOnFrom(run, facts, assessment);
      return assessment;
    },
    found: (assessment) => `Score ${assessment.score}, escalation level ${assessment.escalationLevel}. ${assessment.recommendation}`,
  };
}

/** What an assessment tells of the target that the run goes on from: also one that is made while people decide. */
export function goOnFrom(run: Course, facts: RecoveryFacts, assessment: Assessment): void {
  const target = assessment.targets.find((candidate) => candidate.site === run.places.target);
  facts.cacheContactAt ??= target?.cacheContactAt ?? null;
  if (target?.promotedBy !== undefined)
    run.passPointOfNoReturn(`${target.promotedBy} has promoted ${run.places.target} already: this run goes on from there, and only forward.`);
  if (target?.cachePromoted)
    run.passPointOfNoReturn(`An earlier run has promoted the cache at ${run.places.target} already: this run goes on from there, and only forward.`);
}

/** A server that blinked is asked once more. */
const secondLookMilliseconds = 1_000;

/** What has changed against the target since the evidence was renewed: before the fence, since a site that serves would be closed for one that cannot take over. */
export async function whatStandsAgainst(run: Course, facts: RecoveryFacts, read: Reads): Promise<readonly string[]> {
  const look = async () => {
    const [databases, caches] = await Promise.all([
      Promise.all(databaseSites(run.plan, run.places.failed).map((site) => read.readDatabase({ run: run.context(), site }))),
      Promise.all(cacheSites(run.plan, run.places.failed).map((site) => read.readCache({ run: run.context(), site }))),
    ]);
    return againstWriters(run.places.source, writersSeen(run.plan, run.places.source, run.places.target, { databases, caches }));
  };
  const found = await look();
  if (found.length === 0) return found;
  await sleep(secondLookMilliseconds);
  return look();
}

function recordVantages(run: Course, facts: RecoveryFacts, looked: Looked): Looked {
  for (const { lost, vantages } of looked) {
    lost.vantages = vantages;
    lost.lookedAt = now();
    if (lost.site === run.places.source) noteFailureTime(run, facts, vantages);
  }
  return looked;
}

/** The clock of the customers' outage starts at the earliest failed observation on record. A start that a person gave, or else the declaration itself, counts when nothing was observed before it. */
function noteFailureTime(run: Course, facts: RecoveryFacts, vantages: readonly Vantage[]): void {
  const observed = vantages.flatMap((vantage) => (vantage.failingSince && vantage.verdict === 'failed' ? [vantage.failingSince] : [])).sort()[0];
  const known = facts.moments.failedSince;
  if (observed !== undefined && (known === undefined || Date.parse(observed) < Date.parse(known))) {
    facts.moments.failedSince = observed;
    facts.moments.failedSinceBasis = 'observed';
  }
  const asserted = facts.declaredFailed && (facts.declaredFailed.since ?? run.start.startedAt);
  if (asserted !== undefined && (facts.moments.failedSince === undefined || Date.parse(asserted) < Date.parse(facts.moments.failedSince))) {
    facts.moments.failedSince = asserted;
    facts.moments.failedSinceBasis = 'asserted';
  }
}

function describeVantages(looked: Looked): string {
  const told = looked.map(({ lost, vantages }) => {
    const by = vantages.map(({ observer, kind, verdict }) => `${observer} (${kind}): ${verdict}`).join(', ');
    return looked.length === 1 ? by : `${lost.site} by ${by}`;
  });
  return told.join('; ');
}
