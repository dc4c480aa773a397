/** What a cold start needs of AWS where it restores a site's stores: can the APIs be asked, is anything there that can be restored, and is the way free? */
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import { newestWindow } from '../../plan/rules/restore-points.ts';
import { usableSnapshots } from '../../plan/rules/snapshots.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { runOf } from '../restore/aws/made.ts';
import type { Provider } from '../restore/aws/provider.ts';
import { elastiCacheRestoreOperations } from '../restore/aws/elasticache-operations.ts';
import { rdsRestoreOperations } from '../restore/aws/rds-operations.ts';
import { elastiCacheTargetOf, withElastiCacheTarget } from '../restore/elasticache.ts';
import { rdsTargetOf, withRdsTarget } from '../restore/rds.ts';
import { withAnswer } from './aws.ts';
import { lacking, ok, type Subject } from './checks.ts';
import { restorePolicy } from './lines.ts';
import type { AccessCheck } from './port.ts';

const chain = "the SDK's own credentials";

/** Nothing where AWS restores nothing there. Restoring is not tried. */
export async function checkRestoreAtAws(plan: Plan, run: RunContext, site: SiteId, dependencies: ActivityDependencies): Promise<readonly AccessCheck[]> {
  const [rds, elasticache] = [rdsTargetOf(plan, site), elastiCacheTargetOf(plan, site)];
  const steps = stepsThatReach('backups');
  const checks = await Promise.all([
    rds === undefined ? [] : checkDatabase(run, site, dependencies, { what: 'RDS, to restore', steps, as: rds.credentials?.accessKeyId ?? chain }),
    elasticache === undefined
      ? []
      : checkCache(run, site, dependencies, { what: 'ElastiCache, to restore', steps, as: elasticache.credentials?.accessKeyId ?? chain }),
  ]);
  return checks.flat();
}

function checkDatabase(run: RunContext, site: SiteId, dependencies: ActivityDependencies, subject: Subject): Promise<readonly AccessCheck[]> {
  return withAnswer(subject, restorePolicy(rdsRestoreOperations), () =>
    withRdsTarget(dependencies, run, site, async ({ provider, sets: read }) => {
      const sets = await read();
      const window = newestWindow(sets);
      const why = sets.map(({ set, unusable }) => `${set}: ${unusable ?? 'it has no moment'}`).join('; ');
      if (!window) return [lacking(subject, `Nothing can be restored: ${why || 'there is no snapshot'}. Look there: dr restore points`)];
      return [await freeWay(provider, subject, `${sets.length} snapshots and automatic backups; restorable until ${window.until}`)];
    }),
  );
}

function checkCache(run: RunContext, site: SiteId, dependencies: ActivityDependencies, subject: Subject): Promise<readonly AccessCheck[]> {
  return withAnswer(subject, restorePolicy(elastiCacheRestoreOperations), () =>
    withElastiCacheTarget(dependencies, run, site, async ({ provider, snapshots: read }) => {
      const snapshots = await read();
      const newest = usableSnapshots(snapshots).at(-1);
      const why = snapshots.map(({ set, unusable }) => `${set}: ${unusable}`).join('; ');
      if (!newest) return [lacking(subject, `Nothing can be restored: ${why || 'there is no snapshot'}. Look there: dr restore points`)];
      return [await freeWay(provider, subject, `${snapshots.length} snapshots; the newest is of ${newest.at}`)];
    }),
  );
}

/** What has the name of what would be made stands in its way. */
async function freeWay(provider: Provider, subject: Subject, detail: string): Promise<AccessCheck> {
  const made = await provider.find();
  if (!made) return ok(subject, detail);
  return lacking(subject, `${provider.called} is there already, made by ${runOf(made) ?? 'no run'}: a restore would be refused. ${provider.lookByHand}`);
}
