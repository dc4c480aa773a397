/** The step that takes the epoch, at all who hold one side by side: docs/decisions/015-who-holds-the-epoch.md. */
import { ActivityFailure, type ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import { type Holder, holdersOf, majorityOf, siteHolder, witnessHolder, zone } from '../../plan/rules/holders.ts';
import type { Places } from '../../plan/rules/places.ts';
import { withoutHint } from '../../plan/rules/sentences.ts';
import type { Changes } from '../../activities/index.ts';
import { describe, failure, holdsNothing, isTechnical } from '../engine/failures.ts';
import type { Course } from '../engine/course.ts';
import type { Alteration } from '../engine/step-body.ts';
import { changeMayHeal, readMayHeal } from '../engine/until-bound.ts';
import { heldBy, nextEpoch, takeSurvey, zoneLeftover } from '../estate/epochs.ts';
import type { EpochSurvey, EpochFacts } from '../estate/facts.ts';

/** A holder that has not stored the epoch. */
interface Missing {
  readonly called: string;
  readonly why: string;
  /** Whether it may store it when it is asked again. */
  readonly mayHeal: boolean;
}

/** Who has stored the run's epoch, by their names for people, and who has not. */
export interface EpochClaim {
  readonly storedAt: readonly string[];
  readonly missing: readonly Missing[];
  /** How many holders there are, and how many of them must have stored it. */
  readonly holders: number;
  readonly needed: number;
}

export function isHeld({ storedAt, needed }: EpochClaim): boolean {
  return storedAt.length >= needed;
}

/**
 * Step: the run takes the next epoch, stored by a majority of all who hold one. Who is silent and has not failed is asked again until the step's bound, as long as a majority may come of
 * it; what people make of fewer is their own question (askIfTooFewHold).
 */
export function claimEpoch(run: Course, facts: EpochFacts): Alteration<EpochClaim> {
  const holders = holdersOf(run.plan);
  return {
    changes: true,
    would: `store the next epoch at ${majorityOf(holders.length)} or more of ${holders.map(({ called }) => called).join(', ')}`,
    predicted: predictedBy(holders, facts.epochSurvey, run.places),
    act: async ({ read, changeOnce, patiently }) => {
      const stored = new Set<string>();
      const latest: { claim?: EpochClaim; waits?: ApplicationFailure } = {};
      try {
        return await patiently('claimEpoch', async () => {
          const survey = await takeSurvey(run, facts, read);
          choose(run, facts, survey, stored);
          const claim = await claimAtAll(run, holders, survey, stored, changeOnce);
          noteZone(run, claim);
          if (isHeld(claim) || !mayStillBeHeld(claim)) return claim;
          latest.claim = claim;
          throw (latest.waits = tooFew(run, claim));
        });
      } catch (error) {
        // Also where the last look had no time left: who is silent to the claim is silent to a look.
        if (latest.claim === undefined || !(latest.waits === error || readMayHeal(error) || isOutOfTime(error))) throw error;
        return latest.claim;
      }
    },
    found: (claim) => `epoch ${run.epoch} stored at ${toldOf(claim, run.places)}`,
  };
}

/** The survivors alone where they are a majority: later questions, and so the votes in stored histories, are tied to these words. Else everybody, and how many they are. */
function toldOf({ storedAt, holders, needed }: EpochClaim, { failed }: Places): string {
  const survivors = storedAt.filter((called) => !failed.includes(called) && called !== zone.called);
  return survivors.length >= needed ? survivors.join(', ') : `${storedAt.join(', ') || 'no holder'}: ${storedAt.length} of ${holders}`;
}

/** The run's epoch by what holders told; what has stored another one has to store this. It never falls: who has stored a higher one of this run may be silent now. */
function choose(run: Course, facts: EpochFacts, survey: EpochSurvey, stored: Set<string>): void {
  const epoch = Math.max(run.epoch, nextEpoch(heldBy(survey), run.start.execution));
  if (epoch !== run.epoch) {
    run.leaveNot(zoneLeftover(run));
    stored.clear();
  }
  run.epoch = epoch;
  for (const lost of facts.lost) lost.agentSilentAt = survey.agents.some(({ site, reachable }) => site === lost.site && reachable) ? null : survey.askedAt;
}

/** Those that answered the survey, in its order, and why the others did not. A failed site's agent that is silent, too, is not waited for: whether to go on without it is for people, at once. */
function answersOf(
  { agents, zone: seen, witnesses }: EpochSurvey,
  { failed }: Places,
): { readonly answering: readonly Holder[]; readonly silent: readonly Missing[] } {
  const answers = [
    ...agents.map((agent) => [siteHolder(agent.site), agent, !failed.includes(agent.site)] as const),
    [zone, seen, true] as const,
    ...witnesses.map((witness) => [witnessHolder(witness.witness), witness, true] as const),
  ];
  return {
    answering: answers.flatMap(([holder, { reachable }]) => (reachable ? [holder] : [])),
    silent: answers.flatMap(([{ called }, answer, mayHeal]) => (answer.reachable ? [] : [{ called, why: answer.reason, mayHeal }])),
  };
}

/** Asks whoever answered and has not stored it. A witness is waited for only where the others are too few. */
async function claimAtAll(run: Course, holders: readonly Holder[], survey: EpochSurvey, stored: Set<string>, change: Changes): Promise<EpochClaim> {
  const { answering, silent } = answersOf(survey, run.places);
  const missing = new Map(silent.map((each) => [each.called, each]));
  const errors: unknown[] = [];
  const claim = async (holder: Holder): Promise<void> => {
    const { called } = holder;
    try {
      const why = await claimAt(run, holder, change);
      if (why === null) stored.add(called);
      else missing.set(called, { called, why, mayHeal: true });
    } catch (error) {
      errors.push(error);
      missing.set(called, { called, why: withoutHint(describe(error)), mayHeal: changeMayHeal(error) });
    }
  };
  const needed = majorityOf(holders.length);
  const asked = answering.filter(({ called }) => !stored.has(called)).map((holder) => ({ holder, claimed: claim(holder) }));
  await Promise.all(asked.filter(({ holder }) => holder.kind !== 'witness').map(({ claimed }) => claimed));
  if (stored.size < needed) await Promise.all(asked.map(({ claimed }) => claimed));
  // That another run has come is the end, also beside a majority: what stored this run's epoch a while ago may hold that one's by now.
  const end = errors.find((error) => holdsNothing(error)) ?? errors.find((error) => isCancellation(error) || !isTechnical(error));
  if (end !== undefined) throw end;
  const storedAt = holders.flatMap(({ called }) => (stored.has(called) ? [called] : []));
  return { storedAt, missing: [...missing.values()].filter(({ called }) => !stored.has(called)), holders: holders.length, needed };
}

/** Null when it has stored the epoch, else why it gave no answer. */
async function claimAt(run: Course, holder: Holder, change: Changes): Promise<string | null> {
  if (holder.kind === 'site') {
    await change.claimEpoch({ run: run.context(), site: holder.site });
    return null;
  }
  const told =
    holder.kind === 'zone' ? await change.claimZone({ run: run.context() }) : await change.claimWitness({ run: run.context(), witness: holder.witness });
  return told.reachable ? null : told.reason;
}

/** What a dry run goes on with: whoever answers would store it. */
function predictedBy(holders: readonly Holder[], survey: EpochSurvey | null, places: Places): EpochClaim {
  const { silent } = survey === null ? { silent: [] } : answersOf(survey, places);
  const storedAt = holders.map(({ called }) => called).filter((called) => !silent.some((each) => each.called === called));
  return { storedAt, missing: silent, holders: holders.length, needed: majorityOf(holders.length) };
}

/** The zone refuses older runs from now on. Where its API is gone with the failed site, that is left over. */
function noteZone(run: Course, { storedAt, missing }: EpochClaim): void {
  if (storedAt.includes(zone.called)) return run.leaveNot(zoneLeftover(run));
  if (run.record.leftovers.includes(zoneLeftover(run))) return;
  const why = missing.find(({ called }) => called === zone.called)?.why ?? 'it was not asked';
  run.note(`The DNS zone could not be told epoch ${run.epoch}: ${why}`);
  run.leaveOver(zoneLeftover(run));
}

function isOutOfTime(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
}

function mayStillBeHeld({ storedAt, missing, needed }: EpochClaim): boolean {
  return storedAt.length + missing.filter(({ mayHeal }) => mayHeal).length >= needed;
}

function tooFew(run: Course, { storedAt, missing, holders, needed }: EpochClaim): ApplicationFailure {
  return failure('transient', {
    happened: `Epoch ${run.epoch} is stored by ${storedAt.length} of its ${holders} holders, and ${needed} are needed (${missing.map(({ called, why }) => `${called}: ${why}`).join('; ')}).`,
    leftAs: `It stays at ${storedAt.join(', ') || 'no holder'}; it harms nothing, and no server was changed.`,
    next: 'Bring as many back as are missing; they are asked again.',
  });
}
