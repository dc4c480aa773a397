/** What can be restored where, without a run: `dr restore points`. Reads only, takes no lock. */
import { restoringSites } from '../../plan/rules/restore-points.ts';
import { snapshotStores } from '../../plan/rules/snapshots.ts';
import type { SiteId } from '../../plan/schema.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { now } from '../engine/clock.ts';
import { mustRead } from '../engine/must-read.ts';
import { openReadOnly } from '../engine/opening.ts';
import { makeRestorePointsWorkflowId } from '../wire/ids.ts';
import type { RestorePointsFound, RestorePointsInput } from '../wire/messages.ts';
import { restorePointsInput } from '../wire/start-forms.ts';

/** Longest time for one site, seconds: it reads the log of each of its sets. */
const siteBound = 180;

export async function restorePoints(input: RestorePointsInput): Promise<RestorePointsFound> {
  mustRead(restorePointsInput, input, 'a look at what can be restored');
  const { plan, run } = await openReadOnly(input, makeRestorePointsWorkflowId(input.estate));
  const at = restoringSites(plan);
  const readOf = (site: SiteId) => toolsFor(`Look at the backups of ${site}`, siteBound).read;
  const [sites, snapshots] = await Promise.all([
    Promise.all(at.map((site) => readOf(site).readRestorePoints({ run, site }))),
    Promise.all(at.flatMap((site) => snapshotStores(plan).map((store) => readOf(site).readSnapshots({ run, site, store })))),
  ]);
  return { at: now(), planDigest: run.planDigest, sites, snapshots };
}
