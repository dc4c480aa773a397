/** What must be there before the sites are lost. */
import type { Driven } from '../driven/driven.ts';
import { until } from '../support/until.ts';
import { placesOf } from './drive.ts';
import type { Stage } from './stage.ts';

/** For a procedure that works from backups: one of everything, and a log that goes on since. */
export async function makeReady(stage: Stage, driven: Driven): Promise<void> {
  if (!driven.fromBackups) return;
  await stage.scenarios.control('backup');
  const { target } = placesOf(stage, driven);
  const first = await until('something can be restored', () => newestPoint(stage, target), 60);
  await until('the log goes on', async () => ((await newestPoint(stage, target)) ?? '') > first, 60);
}

/** Up to when the target could be restored now; undefined where it could not. */
async function newestPoint({ drivers }: Stage, site: string): Promise<string | undefined> {
  const points = await drivers.activities.readRestorePoints({ run: drivers.context(0, 'the-test'), site });
  return points.found
    ? points.sets
        .flatMap(({ latest, unusable }) => (unusable === undefined ? (latest ?? []) : []))
        .toSorted()
        .at(-1)
    : undefined;
}
