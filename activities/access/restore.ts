/** What a cold start needs of a site that is built from backups: can site-restore be logged in to, is it this site's, and is there anything of each store that it can restore? */
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import { isRestoredByHost } from '../../plan/rules/restorers.ts';
import { newestWindow } from '../../plan/rules/restore-points.ts';
import { isTree, type SnapshotStore, snapshotStores, usableSnapshots } from '../../plan/rules/snapshots.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { AgentClient } from '../dependencies.ts';
import { pointsOf, snapshotsAt, verbOf } from '../restore/activities.ts';
import { lacking, ok, type Subject, unreachable, words } from './checks.ts';
import type { AccessCheck } from './port.ts';

/** Nothing where the plan restores nothing. */
export async function checkRestore(plan: Plan, site: SiteId, restorer: () => AgentClient, now: () => Date): Promise<readonly AccessCheck[]> {
  const { restore } = plan.estate;
  const as = restore?.ssh?.user;
  if (!restore || as === undefined || !isRestoredByHost(plan, site)) return [];
  const subject: Subject = { what: 'site-restore and its backups', steps: stepsThatReach('backups'), as };
  try {
    const identity = await restorer().ask('identify');
    if (!identity.reachable) return [unreachable(subject, identity.reason)];
    const found = identity.fields.get('site');
    if (found !== site)
      return [lacking(subject, `site-restore there says that it is of ${found}.`, { where: `/etc/dr/restore.conf at ${site}`, line: `SITE=${site}` })];
  } catch (error) {
    return [lacking(subject, words(error))];
  }
  const others = snapshotStores(plan).map((store) => checkSnapshots(plan, { site, store, as }, restorer, now));
  return Promise.all([checkDatabase(subject, site, restore.database.systemIdentifier, restorer, now), ...others]);
}

async function checkDatabase(subject: Subject, site: SiteId, cluster: string, restorer: () => AgentClient, now: () => Date): Promise<AccessCheck> {
  try {
    const answer = await restorer().ask('points');
    if (!answer.reachable) return unreachable(subject, answer.reason);
    const { sets, tool } = pointsOf(answer.fields, site, cluster, now());
    const window = newestWindow(sets);
    if (window) return ok(subject, `${sets.length} sets of ${tool}; restorable until ${window.until}`);
    const why = sets.map(({ set, unusable }) => `${set}: ${unusable ?? 'its log holds nothing'}`).join('; ');
    return lacking(subject, `Nothing can be restored: ${why || 'there is no set'}. Look there: dr restore points`);
  } catch (error) {
    return lacking(subject, words(error));
  }
}

/** Of a store that comes back as it was at one moment. */
async function checkSnapshots(
  plan: Plan,
  { site, store, as }: { readonly site: SiteId; readonly store: SnapshotStore; readonly as: string },
  restorer: () => AgentClient,
  now: () => Date,
): Promise<AccessCheck> {
  const each = isTree(store) ? 'versions' : 'snapshots';
  const subject: Subject = { what: `${each} of the ${store}`, steps: stepsThatReach('backups'), as };
  try {
    const answer = await restorer().ask(...verbOf(store, 'points'));
    if (!answer.reachable) return unreachable(subject, answer.reason);
    const read = snapshotsAt(plan, { site, store }, answer.fields, now());
    if (!read.found) return lacking(subject, `${read.reason}.`, { where: `/etc/dr/restore.conf at ${site}`, line: fromLine(plan, store) });
    const usable = usableSnapshots(read.snapshots);
    const newest = usable.at(-1);
    if (newest) return ok(subject, `${usable.length} of ${read.snapshots.length} can be restored; the newest is ${newest.set} of ${newest.at}`);
    const why = [...read.snapshots.map(({ set, unusable = '' }) => ({ set, reason: unusable })), ...read.unreadable];
    return lacking(
      subject,
      `Nothing can be restored: ${why.map(({ set, reason }) => `${set}: ${reason}`).join('; ') || 'there is none'}. Look there: dr restore points`,
    );
  } catch (error) {
    return lacking(subject, words(error));
  }
}

/** Where the plan has the versions of a tree, as a line of restore.conf. */
function fromLine({ estate }: Plan, store: SnapshotStore): string {
  return `${store.toUpperCase()}_FROM=${isTree(store) ? (estate.restore?.[store]?.from ?? '') : ''}`;
}
