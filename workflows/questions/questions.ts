/** The questions that a recovery puts to people, with their evidence. */
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { Fence } from '../../activities/fencing/port.ts';
import { serversOf, writersOf } from '../../plan/rules/servers.ts';
import { formatSeconds, seconds } from '../../plan/durations.ts';
import { judgeFailure } from '../../plan/rules/failure.ts';
import { describeLoss, type Loss, lossBadness } from '../../plan/rules/loss.ts';
import type { Places } from '../../plan/rules/places.ts';
import { againstTarget, unaskedRemark } from '../../plan/rules/refusals.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { assess } from '../estate/assess.ts';
import { ask } from '../engine/asking.ts';
import { RunEnding } from '../engine/endings.ts';
import type { RecoveryFacts } from '../estate/facts.ts';
import type { Decision, GateEvidence, Question } from '../engine/gate.ts';
import { noGravity } from '../engine/gravity.ts';
import { countLoss, lossGrows, lossNeedsPeople, lossOf } from '../estate/loss.ts';
import type { Assessment } from '../wire/messages.ts';
import { now } from '../engine/clock.ts';
import { describe } from '../engine/failures.ts';
import { lookAtSite } from '../estate/look.ts';
import { recordLines } from '../estate/public-name.ts';
import type { Course } from '../engine/course.ts';
import type { Look } from '../engine/step-body.ts';
import { goOnFrom, mustBeFailed, mustStillBeFailed, refusalsOfTarget, whatStandsAgainst } from '../steps/detection.ts';
import { allProven, mustHaveOneWriter, predictServers, toldOf } from '../estate/servers.ts';

/** Step: people decide whether the failover begins. The evidence is looked at again while they think; a site that recovers ends the question. */
export function activation(run: Course, facts: RecoveryFacts, first: Assessment): Look<Decision> {
  return {
    act: async () => {
      facts.predicted = predictServers(run);
      mustHaveOneWriter(run, facts);
      mustBeEligible(run, facts, first);
      facts.moments.askedAt = now();
      const decision = await ask(run, {
        gate: 'activation',
        question: `Fail over ${run.plan.estate.name} from ${run.places.source} to ${run.places.target}?`,
        choices: {
          approve: `fence ${run.places.source}, promote ${run.places.target}, route customers there; not reversible once ${run.places.target} is promoted`,
          reject: 'stand down; nothing is changed',
        },
        harmless: 'reject',
        evidence: evidenceOf(run, facts, first),
        lookAgain: (held) => lookAgain(run, facts, held),
      });
      facts.moments.decidedAt = decision.at;
      if (decision.kind === 'settled') throw new RunEnding('stood down', decision.why, true);
      if (decision.kind === 'expired') throw new RunEnding('stood down', expired(decision.against?.['approve']), true);
      if (decision.choice !== 'approve') throw new RunEnding('stood down', 'People rejected the failover; nothing was changed.', true);
      return decision;
    },
    found: (decision) => (decision.kind === 'decided' ? `approved at ${decision.at}` : decision.kind),
  };
}

function expired(against: string | undefined): string {
  const why = against === undefined ? '' : ` At its end nobody could approve: ${against}`;
  return `The activation gate expired without a decision; nothing was changed.${why} Start again to ask again.`;
}

/**
 * What has come to stand against the target while people decided is put to them before anything is changed: what its agent would refuse, a server of it that is gone, and another one that is a primary by now. They have it
 * asked again when it is put right. A promotion counts: whoever has been promoted already is asked for nothing else.
 */
export async function mustStillBeReady(run: Course, facts: RecoveryFacts): Promise<void> {
  const standby = { database: !run.forwardOnly, cache: !run.forwardOnly };
  for (;;) {
    const { refusals } = facts;
    if (refusals?.notAsked) run.note(unaskedRemark(run.places.target, refusals.notAsked.reason));
    const against = [...(refusals === null ? [] : againstTarget(refusals, standby)), ...facts.foundAgainst];
    if (against.length === 0 || run.rules.changes === 'print') return;
    const why = `${run.places.target} can no longer take over. ${against.join(' ')}`;
    const decision = await ask(run, {
      gate: 'failed-step',
      question: `${run.places.target} can no longer take over. What now?`,
      choices: { retry: `ask the agent of ${run.places.target} again; put right there first what it names`, abort: 'end here; nothing is changed' },
      evidence: { lines: [why], at: now(), gravity: noGravity },
    });
    if (decision.kind !== 'decided' || decision.choice !== 'retry') throw new RunEnding('stood down', `${why} ${run.leftAs} Start again to ask again.`, true);
    const { read } = toolsFor('Ask the target again', run.boundOf('confirm-again'));
    [facts.refusals, facts.foundAgainst] = await Promise.all([refusalsOfTarget(run, facts, read), whatStandsAgainst(run, facts, read)]);
    await mustStillBeFailed(run, facts, read);
  }
}

/** The third way to pass the fence: people accept, by a typed number of seconds, what an unproven fence may cost. */
export async function askIfFenceIsUnproven(run: Course, facts: RecoveryFacts, fences: readonly Fence[]): Promise<void> {
  if (run.rules.changes === 'print' || allProven(fences)) return;
  const unproven = fences.filter((fence) => !fence.proven).map(toldOf);
  const { read } = toolsFor('Count what an unproven fence may cost', seconds(run.plan.estate.detection.evidenceMaxAge));
  try {
    await countLoss(run, facts, read);
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    facts.loss = { kind: 'unknown', reason: `it could not be counted: ${describe(error)}` };
  }
  const loss = lossOf(facts);
  await acceptRisk(run, facts, `${run.places.source} is not proven fenced. Promote ${run.places.target} all the same?`, loss, [
    ...unproven,
    `If ${run.places.source} still acknowledges writes, they are lost and two writers exist until it is fenced.`,
    ...(lossGrows(run, facts) ? ['The estimate grows by a second each second from now; what you accept grows with it.'] : []),
  ]);
  run.except(`${run.places.source} was not proven fenced: ${unproven.join(' · ')}`);
}

/** The lag gate: a loss above the plan's limits is accepted by people, or the run is taken back. */
export async function askIfLossIsTooLarge(run: Course, facts: RecoveryFacts, loss: Loss): Promise<void> {
  if (run.rules.changes === 'print') return;
  if (!lossNeedsPeople(run, facts, loss)) return noteGrowth(run, facts, loss);
  await acceptRisk(run, facts, `Promoting ${run.places.target} now loses ${describeLoss(loss)}. Accept it?`, loss, []);
  run.except(`People accepted a loss: ${describeLoss(loss)}.`);
}

/** What was accepted grew with the time: the report says to how much. */
function noteGrowth(run: Course, { acceptedLoss }: RecoveryFacts, loss: Loss): void {
  if (loss.kind !== 'at most' || acceptedLoss === null || acceptedLoss === 'whatever it is' || loss.seconds <= acceptedLoss.seconds) return;
  run.except(`People accepted a loss of ${acceptedLoss.seconds} s at ${acceptedLoss.countedAt}, which grew with the time: ${describeLoss(loss)}.`);
}

const unknownLoss = 'accept-unknown';

async function acceptRisk(run: Course, facts: RecoveryFacts, question: string, loss: Loss, more: readonly string[]): Promise<void> {
  const basis = loss.kind === 'at most' ? loss.basis : loss.kind === 'unknown' ? loss.reason : loss.proof;
  const choices: Question['choices'] =
    loss.kind === 'at most'
      ? {
          accept: {
            does: 'go on; type the seconds of acknowledged work that may be lost',
            asks: { of: 'figure', what: 'the seconds of loss that you accept', unit: 's', atLeast: loss.seconds },
          },
        }
      : { [unknownLoss]: 'go on, with a loss that nobody can bound' };
  const countedAt = now();
  const decision = await ask(run, {
    gate: 'accepted-risk',
    question,
    choices: run.forwardOnly ? { ...choices, abort: 'end here; everything stays as it is' } : { ...choices, undo: 'take back everything done so far and end' },
    evidence: { lines: [`Estimated loss: ${describeLoss(loss)}; ${basis}.`, ...more], at: countedAt, gravity: noGravity },
  });
  if (decision.kind !== 'decided' || decision.choice === 'undo' || decision.choice === 'abort') {
    throw new RunEnding('aborted', `The risk was not accepted: ${question} ${run.leftAs} Start again to ask again.`, !run.forwardOnly);
  }
  facts.acceptedLoss = decision.choice === unknownLoss ? 'whatever it is' : { seconds: Number(decision.answer), countedAt };
}

/** A look that fails keeps the evidence that there is, and says so. One by which the site works ends the question; one that is not certain only holds up what it stands against. */
async function lookAgain(run: Course, facts: RecoveryFacts, held: GateEvidence): Promise<GateEvidence> {
  const { read } = toolsFor('Look again while people decide', seconds(run.plan.estate.detection.evidenceMaxAge));
  try {
    facts.vantages = await lookAtSite(read, run.context(), run.plan, run.places.source, 0);
    const [again, records] = await Promise.all([
      assess(read, run.context(), run.plan, run.places.source, facts.vantages, facts.moments.failedSince ?? null),
      read.lookAtRecords({ run: run.context() }),
    ]);
    facts.records = records;
    if (again.verdict === 'alive') mustBeFailed(run, facts, { holdSeconds: 0 });
    goOnFrom(run, facts, again);
    return evidenceOf(run, facts, again);
  } catch (error) {
    if (error instanceof RunEnding) return { ...held, settled: error.message };
    if (error instanceof ActivityFailure && !isCancellation(error)) {
      run.note(`The evidence could not be renewed; the question stays as it is. ${describe(error)}`);
      return { ...held, notRenewed: describe(error) };
    }
    throw error;
  }
}

/** What people read before they decide, the most important first. */
function evidenceOf(run: Course, facts: RecoveryFacts, assessment: Assessment): GateEvidence {
  const target = assessment.targets.find((candidate) => candidate.site === run.places.target);
  const loss = target?.estimatedLoss ?? { kind: 'unknown' as const, reason: 'not assessed' };
  const writers = writersOf(serversOf(run.plan), facts.predicted);
  const remarks = [...(target?.reasons ?? []), ...(assessment.clocks ?? []), ...(facts.records ? recordLines(facts.records) : [])];
  const named = (state: 'sites' | 'unknown') => writers.flatMap((kind) => kind[state].map((site) => `${kind.server} at ${site}`)).join(', ');
  const lines = [
    `${run.places.source}: ${assessment.verdict}, since ${assessment.failedSince ?? 'unknown'} — ${assessment.vantages.map((vantage) => `${vantage.observer} ${vantage.verdict}`).join(', ')}.`,
    `${run.places.target}: loss ${describeLoss(loss)}; ${target?.lagBytes ?? 'unknown'} bytes behind the best survivor; ready in at most ${formatSeconds(target?.estimatedSeconds ?? 0)}.`,
    `Afterwards the only writers are: ${named('sites')}.${named('unknown') ? ` Not known, since no agent can close it: ${named('unknown')}.` : ''}`,
    `Recommended: ${assessment.recommendation}`,
    `Severity ${assessment.score} (${assessment.scoreParts.join(', ') || 'nothing counted'}), escalation level ${assessment.escalationLevel}. The source document's rule would say: ${assessment.sourceRuleAction}.`,
    ...remarks,
  ];
  if (facts.declaredFailed) lines.unshift(`${run.start.startedBy} declares ${run.places.source} failed: ${facts.declaredFailed.reason}`);
  const figures = [lossBadness(loss), assessment.verdict === 'alive' ? 1 : 0, assessment.restartInPlace.eligible ? 1 : 0, run.forwardOnly ? 1 : 0];
  const signs = [
    // What stands after the colon is why, which is worded anew whenever a fault shows otherwise.
    ...[...(target?.reasons ?? []), ...(assessment.clocks ?? [])].map((sentence) => sentence.split(': ')[0] ?? ''),
    ...(facts.records ? [...facts.records.obstacles, ...facts.records.differences, ...facts.records.beside] : []),
  ];
  const against = againstApproval(run, facts, assessment);
  return { lines, at: assessment.at, gravity: { figures, signs }, ...(against === null ? {} : { against: { approve: against } }) };
}

/** Why the target is ruled out; null when it is not. */
function whyRuledOut({ target: site }: Places, assessment: Assessment): string | null {
  const target = assessment.targets.find((candidate) => candidate.site === site);
  return target?.eligible ? null : `${site} cannot take over: ${target?.reasons.join(' ') ?? 'it was not assessed.'}`;
}

/** What a failover would end by, as things are; null where nothing. */
function againstApproval(run: Course, facts: RecoveryFacts, assessment: Assessment): string | null {
  const ruledOut = whyRuledOut(run.places, assessment);
  if (ruledOut !== null) return ruledOut;
  if (facts.declaredFailed || assessment.verdict === 'failed') return null;
  return `It is not certain that ${run.places.source} has failed. ${judgeFailure(facts.vantages, 0).reason}`;
}

/** A target that is ruled out now is for people to look at before anybody is asked to approve it. */
function mustBeEligible(run: Course, facts: RecoveryFacts, assessment: Assessment): void {
  const target = assessment.targets.find((candidate) => candidate.site === run.places.target);
  if (run.rules.changes === 'print') for (const reason of target?.reasons ?? []) run.note(`People would be shown: ${reason}`);
  const why = whyRuledOut(run.places, assessment);
  if (why === null) return;
  if (run.rules.changes === 'print') return run.except(`A live run would stand down. ${why}`);
  throw new RunEnding('stood down', `${why} Nothing was changed. ${assessment.recommendation}`, true);
}
