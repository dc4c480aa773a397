/** What people are asked where too few hold the run's epoch for a proof: docs/decisions/015-who-holds-the-epoch.md. */
import { ask } from '../engine/asking.ts';
import { takeStep } from '../engine/attempts.ts';
import { now } from '../engine/clock.ts';
import { RunEnding } from '../engine/endings.ts';
import { noGravity } from '../engine/gravity.ts';
import type { Course } from '../engine/course.ts';
import type { EpochFacts } from '../estate/facts.ts';
import { claimEpoch, type EpochClaim, isHeld } from '../steps/claiming.ts';

/** People accept, by the number that they were shown, that fewer than a majority hold the epoch, or have the others asked again. */
export async function askIfTooFewHold(run: Course, facts: EpochFacts, first: EpochClaim): Promise<void> {
  for (let claim = first; !isHeld(claim); claim = await takeStep(run, 'claim-epoch', claimEpoch(run, facts))) {
    const few = claim.storedAt.length;
    if (run.rules.changes === 'print')
      return run.note(`A live run would ask people: ${few} of ${claim.holders} holders of the epoch answer, and ${claim.needed} are needed.`);
    const goOn = `hold-with-${few}`;
    const decision = await ask(run, {
      gate: 'accepted-risk',
      question: `${few} of ${claim.holders} hold epoch ${run.epoch} of this run, and ${claim.needed} are needed. ${few === 0 ? 'What now?' : 'Go on all the same?'}`,
      choices: {
        ...(few === 0 ? {} : { [goOn]: `go on with ${few}; what cannot be taken back then asks for as many` }),
        retry: 'ask the others again; bring them back first',
        ...(run.forwardOnly ? { abort: 'end here; everything stays as it is' } : { undo: 'take back everything done so far and end' }),
      },
      evidence: { lines: evidenceOf(run, claim), at: now(), gravity: noGravity },
    });
    if (decision.kind === 'decided' && decision.choice === goOn) return accept(run, claim);
    if (decision.kind !== 'decided' || decision.choice !== 'retry')
      throw new RunEnding('aborted', `Too few hold the epoch, and people did not accept that. ${run.leftAs} Start again to ask again.`, !run.forwardOnly);
  }
}

function evidenceOf(run: Course, { storedAt, missing, holders, needed }: EpochClaim): readonly string[] {
  const others = missing.map(({ called }) => called).join(', ');
  return [
    `Epoch ${run.epoch} of this run is stored at ${storedAt.join(', ') || 'no holder'}: ${storedAt.length} of ${holders}. With ${needed} no other run could hold one without meeting it.`,
    ...missing.map(({ called, why }) => `${called} has not stored it: ${why.replace(/\.$/, '')}.`),
    `Whoever goes on takes a risk: another run that reaches the others (${others}) would not be seen, nor see this one, and both would change the estate. See first that no other run goes on, on any Temporal server.`,
  ];
}

function accept(run: Course, { storedAt, holders, needed }: EpochClaim): void {
  run.holdersAccepted = storedAt.length;
  run.record.exceptFirst(
    `The epoch was held by ${storedAt.length} of ${holders} (${storedAt.join(', ')}) by people's decision, where ${needed} are needed: another run that reached the others would not have been seen.`,
  );
}
