/** Whether what was restored is accepted: from then on customers may write to it, and nobody discards it. */
import { describeLoss } from '../../plan/rules/loss.ts';
import { ask } from '../engine/asking.ts';
import { now } from '../engine/clock.ts';
import type { Course } from '../engine/course.ts';
import { RunEnding } from '../engine/endings.ts';
import type { Decision } from '../engine/gate.ts';
import { noGravity } from '../engine/gravity.ts';
import type { Look } from '../engine/step-body.ts';
import type { ColdStartFacts } from '../estate/restored.ts';
import { proofLines } from '../steps/restoring.ts';

/** Step: people accept what was restored, or have it discarded. */
export function acceptRestored(run: Course, facts: ColdStartFacts): Look<Decision | null> {
  const { target } = run.places;
  return {
    act: async () => {
      if (facts.openedBy !== null) return null;
      const decision = await ask(run, {
        gate: 'acceptance',
        question: `Accept what was restored at ${target}, and route customers there?`,
        choices: {
          accept: `open the database at ${target} for good and route customers there; not reversible`,
          discard: 'discard what was restored, take everything back and end',
        },
        evidence: { lines: evidenceOf(run, facts), at: now(), gravity: noGravity },
      });
      if (decision.kind === 'decided' && decision.choice === 'accept') return decision;
      const why = decision.kind === 'expired' ? 'Nobody accepted what was restored in time.' : 'People did not accept what was restored.';
      throw new RunEnding('aborted', `${why} ${run.leftAs} Start again to restore anew.`, true);
    },
    found: (decision) => (decision === null ? `opened already by ${facts.openedBy}` : `accepted at ${decision.at}`),
  };
}

function evidenceOf(run: Course, { restored, loss, verdicts, goneOnWithout }: ColdStartFacts): readonly string[] {
  const proof = proofLines(restored?.proof ?? {});
  return [
    `Lost: ${loss === null ? 'not known' : describeLoss(loss)}${run.plan.estate.cache === undefined ? '' : '; the cache starts empty'}.`,
    proof.length === 0 ? 'Nothing was proven of it.' : `Proven: ${proof.join('; ')}.`,
    ...[...verdicts.values()].map(
      ({ function: id, status, differences }) => `${id}: ${status}${differences.length === 0 ? '' : ` (${differences.join('; ')})`}.`,
    ),
    ...(goneOnWithout.length === 0 ? [] : [`Without: ${goneOnWithout.join(', ')}.`]),
  ];
}
