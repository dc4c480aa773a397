/** What a run must have seen of a failed site before it does something: enough observers, for long enough, and not long ago. */
import type { Vantage } from '../../../activities/detection/port.ts';
import { seconds } from '../../../plan/durations.ts';
import type { Plan } from '../../../plan/schema.ts';
import type { Lived } from '../simulation.ts';
import { type Asked, executionOf } from '../witness.ts';

/** A reply is on its way for so long; what is asked for meanwhile rests on the look before. */
const slackMilliseconds = 15_000;
const isLook = ({ name }: Asked): boolean => /^watchFrom|^watchHealthCheck$/.test(name);

/** Failed needs two kinds of observer that saw it over the whole hold time, and none that reached the site; people are asked only then. */
export function seenFailed(lived: Lived, plan: Plan): string[] {
  if (lived.declared || lived.places.failed.length === 0) return [];
  const holdSeconds = seconds(plan.estate.detection.holdTime);
  return lived.gates
    .filter(({ gate }) => gate.startsWith('activation'))
    .flatMap((gate) => {
      const looks = lived.witness.asked.filter(
        (asked) => asked.execution === gate.execution && isLook(asked) && (asked.input as { holdSeconds: number }).holdSeconds > 0 && asked.told?.ok,
      );
      const vantages = looks.filter(({ at }) => at === looks.at(-1)?.at).map(({ told }) => (told?.ok ? (told.value as Vantage) : null));
      const kinds = new Set(vantages.flatMap((vantage) => (vantage?.verdict === 'failed' && vantage.heldSeconds >= holdSeconds ? [vantage.kind] : [])));
      return kinds.size >= 2
        ? []
        : [`People were asked at ${gate.openedAt}, and ${[...kinds].join() || 'no observer'} alone had seen the failure for ${holdSeconds} s`];
    });
}

/** Look again: a fence begins only while the last look at the site is younger than evidence lasts. */
export function seenLately({ witness, runs }: Lived, plan: Plan): string[] {
  const longest = seconds(plan.estate.detection.evidenceMaxAge) * 1000 + slackMilliseconds;
  return runs.flatMap((run) => {
    const own = witness.asked.filter(({ execution }) => execution === executionOf(run));
    return own
      .filter(({ name }) => name.startsWith('fence'))
      .flatMap((fence) => {
        const looked = Math.max(0, ...own.flatMap((asked) => (isLook(asked) && asked.told && asked.told.order < fence.order ? [asked.told.at] : [])));
        return fence.at - looked <= longest ? [] : [`${fence.name} began ${Math.round((fence.at - looked) / 1000)} s after the last look at the site`];
      });
  });
}
