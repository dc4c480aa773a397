/** One run at a time: the lock, and epochs that rise, that a majority of all holders has, and before which older runs give way. */
import type { RunContext } from '../../../activities/context.ts';
import { changeReach, isChange } from '../../../workflows/wire/changes.ts';
import type { Lived } from '../simulation.ts';
import { executionOf } from '../witness.ts';

export function oneRun(lived: Lived): string[] {
  return [...refusedBesideLock(lived), ...risingEpochs(lived), ...heldByMajority(lived), ...givesWay(lived)];
}

/** It may ask for the plan that it is refused by, and for nothing else. */
function refusedBesideLock({ strays, witness }: Lived): string[] {
  return strays
    .filter((stray) => witness.asked.some(({ execution, name }) => execution === executionOf(stray) && name !== 'loadPlan'))
    .map(({ start }) => `A run was let in under the id ${start.workflowId}, beside the lock`);
}

/** Each run claims an epoch that no run before it has claimed. A claim that came to no holder, since its worker died first, is none: nobody can know of it. */
function risingEpochs({ witness, estate }: Lived): string[] {
  const holders = new Map<number, string>();
  return witness.asked
    .filter(({ name }) => name === 'claimEpoch')
    .flatMap(({ input }) => {
      const { run } = input as { run: RunContext };
      const holder = holders.get(run.epoch);
      if (estate.storedBy(run).length > 0) holders.set(run.epoch, holder ?? run.execution);
      return holder === undefined || holder === run.execution ? [] : [`${run.execution} claims epoch ${run.epoch}, which ${holder} has claimed`];
    });
}

/** What changes the estate is asked for once a majority of all holders has stored the run's epoch, or so many as people have accepted. */
function heldByMajority({ witness, estate, gates }: Lived): string[] {
  return witness.asked
    .filter(({ name }) => isChange(name) && changeReach(name) === 'estate' && name !== 'claimZone')
    .flatMap(({ name, execution, at, input }) => {
      const { run } = input as { run: RunContext };
      const accepted = run.holdersAccepted;
      const decided = gates.some(
        (gate) =>
          gate.execution === run.execution &&
          gate.gate.startsWith('accepted-risk') &&
          gate.decision === `hold-with-${accepted}` &&
          Date.parse(gate.closedAt ?? '') <= at,
      );
      if (accepted !== undefined && !decided) return [`${name} was asked for by ${execution} with ${accepted} holders, which nobody has accepted`];
      const stored = estate.storedBy(run);
      const enough = accepted === undefined ? stored.length > estate.holders / 2 : stored.length >= accepted;
      return enough ? [] : [`${name} was asked for by ${execution}, whose epoch only ${stored.join(', ') || 'nobody'} has stored`];
    });
}

/** A run that is told of a newer one changes nothing more and asks nobody what to do; one that watches a site ends as well. */
function givesWay({ witness }: Lived): string[] {
  const told = witness.asked.flatMap(({ told, execution, name }) =>
    told && !told.ok && told.type === 'stale-epoch' && !/^(unfence|reattach)/.test(name) ? [{ ...told, execution }] : [],
  );
  return told.flatMap(({ execution, order, at }) => [
    ...witness.asked
      .filter((asked) => asked.execution === execution && asked.order > order && asked.at > at + 1_000 && isChange(asked.name) && asked.name !== 'storeReport')
      .map(({ name }) => `${name} was asked for by a run that knew of a newer one`),
    ...witness.shown
      .filter(
        (shown) => shown.execution === execution && shown.order > order && shown.gate.gate.startsWith('failed-step') && Date.parse(shown.gate.openedAt) > at,
      )
      .map(({ gate }) => `${gate.gate} asks people on behalf of a run that knew of a newer one`),
  ]);
}
