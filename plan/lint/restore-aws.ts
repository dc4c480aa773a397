/** Laws about what is restored at AWS, and about the host that restores the rest. */
import { restoringSites } from '../rules/restore-points.ts';
import { isRestoredByHost, restorerOf } from '../rules/restorers.ts';
import { snapshotStores } from '../rules/snapshots.ts';
import { problemIf, type Problem, type Rule } from './rule.ts';

/** site-restore must be logged in to where it restores. */
export const restoreHostGiven: Rule = (plan) => {
  const { restore, sites } = plan.estate;
  const byHosts = restoringSites(plan).filter((site) => isRestoredByHost(plan, site));
  return [
    ...byHosts.flatMap((site) => {
      const { host, port, hostKey } = sites[site]?.restore ?? {};
      const missing = Object.entries({ host, port, hostKey }).flatMap(([name, value]) => (value === undefined ? [name] : []));
      return problemIf(missing.length > 0, {
        rule: 'restore-host-given',
        level: 'error',
        path: ['estate', 'sites', site, 'restore'],
        message: `The database of ${site} is restored by site-restore, and the plan does not give its ${missing.join(', ')}. Add them, or say how RDS restores it (database.rds).`,
      });
    }),
    ...problemIf(restore !== undefined && byHosts.length > 0 && restore.ssh === undefined, {
      rule: 'restore-host-given',
      level: 'error',
      path: ['estate', 'restore'],
      message: `${byHosts.join(', ')} is restored by site-restore, and the plan does not say as whom it is asked. Add estate.restore.ssh.`,
    }),
  ];
};

/** What one host has let in is accepted there together: it knows nothing of what AWS has made. */
export const restoreAtOnePlace: Rule = (plan) =>
  restoringSites(plan).flatMap((site) => {
    const atHost = isRestoredByHost(plan, site);
    const others = snapshotStores(plan).filter((store) => (restorerOf(plan, site, store) === 'site-restore') !== atHost);
    return problemIf(others.length > 0, {
      rule: 'restore-at-one-place',
      level: 'error',
      path: ['estate', 'sites', site, 'restore'],
      message: `At ${site} the database is restored ${atHost ? 'by site-restore' : 'at AWS'}, and not so: ${others.join(', ')}. They cannot be accepted together. Restore all of them in one way.`,
    });
  });

/** What AWS would refuse on the day. */
export const restoreAwsWhole: Rule = (plan) =>
  restoringSites(plan).flatMap((site) => {
    const { database, cache } = plan.estate.sites[site]?.restore ?? {};
    const problem = (store: 'database' | 'cache', message: string): Problem => ({
      rule: 'restore-aws-whole',
      level: 'error',
      path: ['estate', 'sites', site, 'restore', store, store === 'database' ? 'rds' : 'elasticache'],
      message,
    });
    const [rds, elasticache] = [database?.rds, cache?.elasticache];
    return [
      ...(['database', 'cache'] as const).flatMap((store) => {
        const target = store === 'database' ? rds : elasticache;
        const keyRegion = target?.kmsKey?.split(':')[3];
        return [
          ...problemIf(
            target !== undefined && keyRegion !== undefined && keyRegion !== target.region,
            problem(store, `The key of ${site} is of ${keyRegion}, and what is restored is in ${target?.region}. Name a key of that region.`),
          ),
          ...problemIf(
            target !== undefined && target.securityGroups.every((group) => target.closedSecurityGroups.includes(group)),
            problem(store, 'The security groups until services are let in are those from then on: nobody is kept out. Name others in closedSecurityGroups.'),
          ),
        ];
      }),
      ...problemIf(rds?.zones !== undefined && rds.multiAz, problem('database', 'With multiAz AWS chooses the zones. Take zones out, or multiAz.')),
      ...problemIf(
        rds !== undefined && rds.instance === rds.source.instance && rds.source.account === undefined,
        problem(
          'database',
          `The DB instance to make has the name of the one that is restored, ${rds?.instance}. Give it another: the old one may stand there still.`,
        ),
      ),
      ...problemIf(
        elasticache !== undefined && elasticache.replicationGroup === elasticache.source.replicationGroup,
        problem('cache', `The replication group to make has the name of the one that is restored, ${elasticache?.replicationGroup}. Give it another.`),
      ),
      ...problemIf(
        elasticache?.multiAz === true && elasticache.replicas === 0,
        problem('cache', 'With multiAz a replica takes over, and the plan has none. Write replicas: 1, or take multiAz out.'),
      ),
    ];
  });
