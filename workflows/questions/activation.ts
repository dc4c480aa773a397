/** Whether the failover begins: the question at the activation gate, and its evidence. */
import { serversOf, writersOf } from '../../plan/rules/servers.ts';
import { formatSeconds, seconds } from '../../plan/durations.ts';
import { judgeFailure } from '../../plan/rules/failure.ts';
import { describeLoss, lossBadness } from '../../plan/rules/loss.ts';
import type { Places } from '../../plan/rules/places.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { assess } from '../estate/assess.ts';
import { ask } from '../engine/asking.ts';
import { RunEnding } from '../engine/endings.ts';
import { lostSource, type RecoveryFacts } from '../estate/facts.ts';
import type { Decision, GateEvidence } from '../engine/gate.ts';
import type { Assessment } from '../wire/messages.ts';
import { now } from '../engine/clock.ts';
import { recordLines } from '../estate/public-name.ts';
import type { Course } from '../engine/course.ts';
import type { Look } from '../engine/step-body.ts';
import { assessed, goOnFrom, lookAtLost, lookingOn, mustBeFailed } from '../steps/detection.ts';
import { mustHaveOneWriter, predictServers } from '../estate/servers.ts';
import { renewed } from './renewed.ts';

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

/** One by which the site works ends the question; one that is not certain only holds up what it stands against. */
async function lookAgain(run: Course, facts: RecoveryFacts, held: GateEvidence): Promise<GateEvidence> {
  const { read } = toolsFor('Look again while people decide', seconds(run.plan.estate.detection.evidenceMaxAge));
  return renewed(run, held, async () => {
    for (const { lost, vantages } of await lookAtLost(run, facts.lost, read, { holdSeconds: 0, ...lookingOn(run) })) lost.vantages = vantages;
    const [again, records] = await Promise.all([assess(read, run.context(), assessed(run, facts)), read.lookAtRecords({ run: run.context() })]);
    facts.records = records;
    if (facts.lost.some(({ vantages }) => judgeFailure(vantages, 0).verdict === 'alive')) mustBeFailed(run, facts, { holdSeconds: 0 });
    goOnFrom(run, facts, again);
    return evidenceOf(run, facts, again);
  });
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
  return `It is not certain that ${run.places.source} has failed. ${judgeFailure(lostSource(facts, run.places.source).vantages, 0).reason}`;
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
