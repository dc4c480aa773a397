/** What a cold start needs of a site that is built from backups: can site-restore be logged in to, is it this site's, and is there anything that it can restore? */
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import { newestWindow } from '../../plan/rules/restore-points.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { AgentClient } from '../dependencies.ts';
import { pointsOf } from '../restore/activities.ts';
import { lacking, ok, type Subject, unreachable, words } from './checks.ts';
import type { AccessCheck } from './port.ts';

/** Nothing where the plan restores nothing. */
export async function checkRestore(plan: Plan, site: SiteId, restorer: () => AgentClient, now: () => Date): Promise<readonly AccessCheck[]> {
  const { restore, sites } = plan.estate;
  if (!restore || !sites[site]?.restore) return [];
  const subject: Subject = { what: 'site-restore and its backups', steps: stepsThatReach('backups'), as: restore.ssh.user };
  try {
    const identity = await restorer().ask('identify');
    if (!identity.reachable) return [unreachable(subject, identity.reason)];
    const found = identity.fields.get('site');
    if (found !== site)
      return [lacking(subject, `site-restore there says that it is of ${found}.`, { where: `/etc/dr/restore.conf at ${site}`, line: `SITE=${site}` })];
    const answer = await restorer().ask('points');
    if (!answer.reachable) return [unreachable(subject, answer.reason)];
    const { sets, tool } = pointsOf(answer.fields, site, restore.database.systemIdentifier, now());
    const window = newestWindow(sets);
    if (window) return [ok(subject, `${sets.length} sets of ${tool}; restorable until ${window.until}`)];
    const why = sets.map(({ set, unusable }) => `${set}: ${unusable ?? 'its log holds nothing'}`).join('; ');
    return [lacking(subject, `Nothing can be restored: ${why || 'there is no set'}. Look there: dr restore points`)];
  } catch (error) {
    return [lacking(subject, words(error))];
  }
}
