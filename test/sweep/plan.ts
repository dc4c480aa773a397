/** Which trials a sweep holds, from what undisturbed runs do; and their order, from a seed. */
import type { Plan } from '../../plan/schema.ts';
import { isChange } from '../../workflows/wire/changes.ts';
import { runbookOf } from '../driven/driven.ts';
import { moments } from '../stage/failpoint.ts';
import type { ScheduledActivity } from '../stage/history.ts';
import type { Place } from '../stage/stage.ts';
import { randomFrom } from '../support/random.ts';
import type { Act } from './acts.ts';
import type { Setting } from './settings.ts';
import { nameOf, type Trial } from './trial.ts';

/** Every step once by its first activity, and every change that it makes. `known` are places of an earlier setting, and are added to. */
function placesOf(activities: readonly ScheduledActivity[], known: Set<string>): Omit<Place, 'moment'>[] {
  const seenSteps = new Set<string>();
  return activities.flatMap(({ step, activity }) => {
    const first = !seenSteps.has(step);
    seenSteps.add(step);
    const name = `${step} · ${activity}`;
    if ((!first && !isChange(activity)) || known.has(name)) return [];
    known.add(name);
    return [{ step, activity }];
  });
}

interface Found {
  readonly setting: Setting;
  readonly activities: readonly ScheduledActivity[];
}

/** Each procedure is swept by itself: a step that several have is disturbed in each of them. */
export function trialsOf(found: readonly Found[], plan: Plan): Trial[] {
  const procedures = [...new Set(found.map(({ setting }) => setting.driven.procedure))];
  return procedures.flatMap((procedure) => {
    const { pointOfNoReturn, steps } = runbookOf(plan, procedure);
    return trialsOfOne(
      found.filter(({ setting }) => setting.driven.procedure === procedure),
      steps.find(({ id }) => id === pointOfNoReturn)?.name,
    );
  });
}

/** `pointOfNoReturn`: the name of that step. */
function trialsOfOne(found: readonly Found[], pointOfNoReturn: string | undefined): Trial[] {
  const known = new Set<string>();
  const trials = found.flatMap(({ setting, activities }) =>
    placesOf(activities, known).flatMap((place) => {
      const at = (act: Act, moment: Place['moment'] = 'before'): Trial => ({ setting, act, at: { ...place, moment } });
      const always = [...moments.map((moment) => at('kill', moment)), at('stop'), at('cancel')];
      return isChange(place.activity) ? [...always, at('freeze'), at('terminate')] : always;
    }),
  );
  const setting = found[0]?.setting;
  if (!setting) return trials;
  const atGate = (['kill', 'server', 'stop', 'cancel', 'terminate'] as const).map((act): Trial => ({ setting, act, at: 'gate' }));
  const firstOf = (is: (place: Place) => boolean) => trials.find(({ at }) => at !== 'gate' && is(at));
  const opening = firstOf(({ step, activity }) => step === pointOfNoReturn && isChange(activity));
  const server = setting.driven.landmarks.flatMap((landmark) => {
    const trial = firstOf(({ activity }) => activity === landmark);
    return trial ? [{ ...trial, act: 'server' as const }] : [];
  });
  return [...trials, ...atGate, ...(opening ? [{ ...opening, act: 'minute' as const }] : []), ...server];
}

/** The same seed gives the same order. As many as are run of it, from the first on, are spread evenly: over steps, then over acts. */
export function inOrder(trials: readonly Trial[], seed: number): Trial[] {
  const random = randomFrom(seed);
  const keyed = trials.toSorted((left, right) => nameOf(left).localeCompare(nameOf(right))).map((trial) => ({ trial, key: random() }));
  const waiting = keyed.toSorted((left, right) => left.key - right.key).map(({ trial }) => trial);
  const times = new Map<string, number>();
  const order: Trial[] = [];
  const often = (what: string) => times.get(what) ?? 0;
  while (waiting.length > 0) {
    const weight = (trial: Trial) => often(stepOf(trial)) * trials.length + often(trial.act);
    const least = Math.min(...waiting.map(weight));
    const [next] = waiting.splice(
      waiting.findIndex((trial) => weight(trial) === least),
      1,
    ) as [Trial];
    for (const what of [stepOf(next), next.act]) times.set(what, often(what) + 1);
    order.push(next);
  }
  return order;
}

export const stepOf = ({ at }: Trial): string => (at === 'gate' ? 'activation gate' : at.step);
