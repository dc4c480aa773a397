/** What is asked when the target can no longer take over by the time that people have decided. */
import { againstTarget, unaskedRemark } from '../../plan/rules/refusals.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { ask } from '../engine/asking.ts';
import { RunEnding } from '../engine/endings.ts';
import type { RecoveryFacts } from '../estate/facts.ts';
import { noGravity } from '../engine/gravity.ts';
import { now } from '../engine/clock.ts';
import type { Course } from '../engine/course.ts';
import { mustStillBeFailed, refusalsOfTarget, whatStandsAgainst } from '../steps/detection.ts';

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
