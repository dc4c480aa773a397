/** What people are asked when a fence is not proven, or more would be lost than the plan allows: they accept it by a typed figure. */
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import { seconds } from '../../plan/durations.ts';
import { describeLoss, type Loss } from '../../plan/rules/loss.ts';
import type { SiteId } from '../../plan/schema.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { ask } from '../engine/asking.ts';
import { RunEnding } from '../engine/endings.ts';
import type { RecoveryFacts } from '../estate/facts.ts';
import type { Question } from '../engine/gate.ts';
import { noGravity } from '../engine/gravity.ts';
import { countLoss, lossGrows, lossNeedsPeople, lossOf } from '../estate/loss.ts';
import { now } from '../engine/clock.ts';
import { describe } from '../engine/failures.ts';
import type { Course } from '../engine/course.ts';
import { allProven, toldAmong } from '../estate/servers.ts';

/** What comes after the fence: how its loss is counted, and what people are asked to go on with. */
interface UnprovenFence {
  readonly count: typeof countLoss;
  readonly goOn: (target: SiteId) => string;
}

const beforePromotion: UnprovenFence = { count: countLoss, goOn: (target) => `Promote ${target}` };

/** The third way to pass the fence: people accept, by a typed number of seconds, what an unproven fence may cost. */
export async function askIfFenceIsUnproven(run: Course, facts: RecoveryFacts, { count, goOn }: UnprovenFence = beforePromotion): Promise<void> {
  const { fences } = facts;
  if (run.rules.changes === 'print' || allProven(fences)) return;
  const open = fences.filter((fence) => !fence.proven);
  const unproven = open.map((fence) => toldAmong(run.places, fence));
  const { read } = toolsFor('Count what an unproven fence may cost', seconds(run.plan.estate.detection.evidenceMaxAge));
  try {
    await count(run, facts, read);
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    facts.loss = { kind: 'unknown', reason: `it could not be counted: ${describe(error)}` };
  }
  const loss = lossOf(facts);
  const named = run.places.failed.filter((site) => open.some(({ servers }) => servers.some((server) => server.site === site)));
  const lost = (named.length > 0 ? named : run.places.failed).join(', ');
  await acceptRisk(run, facts, `${lost} is not proven fenced. ${goOn(run.places.target)} all the same?`, loss, [
    ...unproven,
    `If ${lost} still acknowledges writes, they are lost and two writers exist until it is fenced.`,
    ...(lossGrows(run, facts) ? ['The estimate grows by a second each second from now; what you accept grows with it.'] : []),
  ]);
  run.except(`${lost} was not proven fenced: ${unproven.join(' · ')}`);
}

/** The lag gate: a loss above the plan's limits is accepted by people, or the run is taken back. */
export async function askIfLossIsTooLarge(run: Course, facts: RecoveryFacts): Promise<void> {
  const loss = lossOf(facts);
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
