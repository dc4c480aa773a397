/** What must be there before the sites are lost. */
import type { Driven } from '../driven/driven.ts';
import type { Drivers } from '../scenarios/drivers.ts';
import type { Scenarios } from '../scenarios/scenarios.ts';
import { until } from '../support/until.ts';
import { placesOf } from './drive.ts';
import type { Stage } from './stage.ts';

/** For a procedure that works from backups: one of everything, and a log that goes on since. */
export async function makeReady(stage: Stage, driven: Driven): Promise<void> {
  if (driven.fromBackups) await untilBackedUp(stage.scenarios, stage.drivers, placesOf(stage, driven).target);
}

/** A backup that `site` can use, and customers who have written since. */
export async function untilBackedUp(scenarios: Scenarios, drivers: Drivers, site: string): Promise<void> {
  await scenarios.control('backup');
  const first = await until('something can be restored', () => newestPoint(drivers, site), 60);
  await until('the log goes on', async () => ((await newestPoint(drivers, site)) ?? '') > first, 60);
}

/** Up to when the site could be restored now; undefined where it could not. */
async function newestPoint({ activities, context }: Drivers, site: string): Promise<string | undefined> {
  const points = await activities.readRestorePoints({ run: context(0, 'the-test'), site });
  if (!points.found) return undefined;
  const usable = points.sets.flatMap(({ latest, unusable }) => (unusable === undefined ? (latest ?? []) : []));
  return usable.toSorted().at(-1);
}
