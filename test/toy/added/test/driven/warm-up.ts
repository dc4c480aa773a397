/** The warm-up as tests drive it: nothing has failed, and the secondary is made ready. */
import { type Driven, siteWith } from './driven.ts';

export const warmUp: Driven<'warmUp'> = {
  procedure: 'warmUp',
  placesIn: (plan) => {
    const at = siteWith(plan, 'secondary');
    return { failed: [], source: at, target: at };
  },
  inputAt: ({ target }) => ({ at: target }),
  beginsAt: 'activation',
  answers: { activation: 'warm' },
  goodEnd: 'done',
  landmarks: ['setCapacity'],
  attemptsMax: 30,
  faultsWhenDone: (estate, { target }) => {
    const [capacity, jobs] = [estate.capacity.get(target), [...estate.jobs.begun.keys()]];
    return [
      ...(capacity === 100 ? [] : [`${target} has a capacity of ${capacity} %`]),
      ...(jobs.length > 0 ? [] : ['its caches were never filled']),
      ...begunTwice(jobs),
    ];
  },
  faultsWhenCancelled: (estate, { target }, { outcome }) => {
    const before = estate.snapshot.plan.sites.find(({ id }) => id === target)?.capacity.baselinePercent;
    const now = estate.capacity.get(target);
    return [
      ...(outcome.startsWith('done') || now === before ? [] : [`${target} was left with a capacity of ${now} %`]),
      ...begunTwice([...estate.jobs.begun.keys()]),
    ];
  },
};

/** Of one run: a new one begins its own. */
function begunTwice(jobs: readonly string[]): string[] {
  const runs = jobs.map((id) => id.split('.')[0]);
  return runs.filter((run, index) => runs.indexOf(run) !== index).map((run) => `${run} has begun its job twice`);
}
