/** In what order a run may do things: nothing while it is held, nothing back once it went forward. */
import type { Plan } from '../../../plan/schema.ts';
import { isChange } from '../../../workflows/wire/changes.ts';
import type { Lived } from '../simulation.ts';
import { executionOf } from '../witness.ts';

/** What a run does when it ends, also while it is held: it takes back and reports. */
const ofAnEnding = new Set(['unfenceByAgent', 'reattach', 'stopService', 'cancelJob', 'storeReport']);
/** After these a discard is of what the run itself has restored, and so of its ending; before them it makes room for it. */
const restores = new Set(['restoreDatabase', 'restoreSnapshot']);
const opensOldSite = new Set(['unfenceByAgent', 'reattach']);

/** Stop switch: no change begins after the run was told to stop and before somebody of the plan let it go on. */
export function heldWhileStopped({ witness, runs, places }: Lived, plan: Plan): string[] {
  const people = new Set(plan.people.map(({ id }) => id));
  const baseline = plan.sites.find(({ id }) => id === places.target)?.capacity.baselinePercent;
  const events = [...witness.asked, ...witness.said].sort((one, other) => one.order - other.order);
  return runs.flatMap((run) => {
    let stoppedAt: number | null = null;
    let restored = false;
    return events.flatMap((event) => {
      if (event.execution !== executionOf(run)) return [];
      if ('payload' in event) {
        const { who } = event.payload as { who: string };
        if (!people.has(who)) return [];
        if (event.name === 'stop') stoppedAt ??= event.at;
        if (event.name === 'resume') stoppedAt = null;
        return [];
      }
      restored ||= restores.has(event.name);
      const lowers = event.name === 'setCapacity' && (event.input as { percent: number }).percent === baseline;
      const takesBack = lowers || (restored && event.name === 'discardRestored');
      if (stoppedAt === null || !isChange(event.name) || ofAnEnding.has(event.name) || takesBack) return [];
      return [`${event.name} began at ${new Date(event.at).toISOString()}, and the run had been stopped at ${new Date(stoppedAt).toISOString()}`];
    });
  });
}

/** Forward only: what a run has promoted stays; it neither opens the old site again nor offers people to do so. */
export function forwardOnly({ witness, estate }: Lived): string[] {
  return estate.promotions.flatMap((promoted) => {
    const later = { by: ({ at, execution }: { at: number; execution: string }) => at > promoted.at && execution === promoted.execution };
    const opened = witness.asked.filter((asked) => opensOldSite.has(asked.name) && later.by(asked));
    const offered = witness.shown.filter((shown) => later.by(shown) && shown.gate.choices.some((choice) => choice.startsWith('undo:')));
    const what = `the ${promoted.kind} of ${promoted.target.site} was promoted at ${new Date(promoted.at).toISOString()}`;
    return [
      ...opened.map(({ name, at }) => `${name} at ${new Date(at).toISOString()} opens the old site, and ${what}`),
      ...offered.map(({ gate }) => `${gate.gate} offers to take everything back, and ${what}`),
    ];
  });
}
