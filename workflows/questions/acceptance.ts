/** Whether what was restored is accepted: from then on customers may write to it, and nobody discards it. */
import type { Reads } from '../../activities/index.ts';
import type { ReferenceCount } from '../../activities/verification/port.ts';
import { seconds } from '../../plan/durations.ts';
import { judgeFailure } from '../../plan/rules/failure.ts';
import { describeLoss } from '../../plan/rules/loss.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { ask } from '../engine/asking.ts';
import { now } from '../engine/clock.ts';
import type { Course } from '../engine/course.ts';
import { RunEnding } from '../engine/endings.ts';
import type { Decision, GateEvidence } from '../engine/gate.ts';
import type { Look } from '../engine/step-body.ts';
import type { ColdStartFacts } from '../estate/restored.ts';
import { lookAtLost, lookingOn } from '../steps/detection.ts';
import { proofLines } from '../steps/restoring.ts';
import { renewed } from './renewed.ts';

/** Step: people accept what was restored, or have it discarded. */
export function acceptRestored(run: Course, facts: ColdStartFacts): Look<Decision | null> {
  const { target } = run.places;
  return {
    act: async ({ read }) => {
      if (facts.opened) return null;
      await lookAtSites(run, facts, read);
      const { references = [] } = run.plan.estate.restore ?? {};
      // A cache that starts empty says nothing.
      if (references.length > 0 && facts.restoredSnapshots.has('cache')) facts.references = await read.countReferences({ run: run.context(), site: target });
      const decision = await ask(run, {
        gate: 'acceptance',
        question: `Accept what was restored at ${target}, and route customers there?`,
        choices: {
          accept: `open the database at ${target} for good and route customers there; not reversible`,
          discard: 'discard what was restored, take everything back and end',
        },
        evidence: evidenceOf(run, facts),
        lookAgain: (held) => lookAgain(run, facts, held),
      });
      if (decision.kind === 'decided' && decision.choice === 'accept') {
        run.except(...facts.references.filter((each) => !each.counted || each.dangling > 0).map(describeReference));
        return decision;
      }
      const why = decision.kind === 'expired' ? 'Nobody accepted what was restored in time.' : 'People did not accept what was restored.';
      throw new RunEnding('aborted', `${why} ${run.leftAs} Start again to restore anew.`, true);
    },
    found: (decision) => (decision === null ? `opened already by ${facts.opened?.by}` : `accepted at ${decision.at}`),
  };
}

/** What the failed sites are by now: a restore takes its time, and one that is back may hold what the backups do not. */
async function lookAtSites(run: Course, facts: ColdStartFacts, read: Reads): Promise<void> {
  for (const { lost, vantages } of await lookAtLost(run, facts.lost, read, { holdSeconds: 0, ...lookingOn(run) })) lost.vantages = vantages;
}

function lookAgain(run: Course, facts: ColdStartFacts, held: GateEvidence): Promise<GateEvidence> {
  const { read } = toolsFor('Look again while people decide', seconds(run.plan.estate.detection.evidenceMaxAge));
  return renewed(run, held, async () => {
    await lookAtSites(run, facts, read);
    return evidenceOf(run, facts);
  });
}

/** What of the cache names no row any more, a sentence. */
function describeReference(count: ReferenceCount): string {
  const { cacheKeys, table } = count;
  if (!count.counted) return `How many of the keys ${cacheKeys} name no row of ${table} is not known: ${count.reason.replace(/\.$/, '')}.`;
  return `Of ${count.keys} keys ${cacheKeys} ${count.dangling} name no row of ${table}${count.example === undefined ? '' : `, such as ${count.example}`}.`;
}

function evidenceOf(run: Course, { restored, references, restoredSnapshots, loss, cacheLoss, lost, verdicts, goneOnWithout }: ColdStartFacts): GateEvidence {
  const proof = proofLines(restored?.proof ?? {});
  const back = lost.filter(({ vantages }) => judgeFailure(vantages, 0).verdict !== 'failed').map(({ site }) => site);
  const lines = [
    ...back.map(
      (site) => `${site} ANSWERS AGAIN, or may. It may hold what was written after the backups: to keep that, discard, and fail over to it or let it serve.`,
    ),
    `Lost: ${loss === null ? 'not known' : describeLoss(loss)}.`,
    ...(cacheLoss ? [`Of the cache: ${describeLoss(cacheLoss)}.`] : []),
    proof.length === 0 ? 'Nothing was proven of it.' : `Proven: ${proof.join('; ')}.`,
    ...[...restoredSnapshots].map(([store, of]) => `Proven of the ${store}: ${proofLines(of.proof).join('; ')}.`),
    ...references.map(describeReference),
    ...[...verdicts.values()].map(
      ({ function: id, status, differences }) => `${id}: ${status}${differences.length === 0 ? '' : ` (${differences.join('; ')})`}.`,
    ),
    ...(goneOnWithout.length === 0 ? [] : [`Without: ${goneOnWithout.join(', ')}.`]),
  ];
  return { lines, at: now(), gravity: { figures: [back.length], signs: back } };
}
