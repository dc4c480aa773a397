/** Laws about what comes back from backups. */
import { restoringSites } from '../rules/restore-points.ts';
import { isRestoredByHost } from '../rules/restorers.ts';
import { trees } from '../rules/snapshots.ts';
import { problemIf, type Rule } from './rule.ts';

/** What restores must say from what, and what says from what must restore somewhere. */
export const restoreWhole: Rule = (plan) => {
  const { restore, sites } = plan.estate;
  const restoring = restoringSites(plan);
  return [
    ...restoring.flatMap((site) =>
      problemIf(restore === undefined, {
        rule: 'restore-whole',
        level: 'error',
        path: ['estate', 'sites', site, 'restore'],
        message: `${site} restores, and the plan does not say as whom and which cluster. Add estate.restore.`,
      }),
    ),
    ...problemIf(restore !== undefined && restoring.length === 0, {
      rule: 'restore-whole',
      level: 'error',
      path: ['estate', 'restore'],
      message: 'The plan says how the database is restored, and no site restores it. Add estate.sites.<site>.restore where site-restore is installed.',
    }),
    ...restoring.flatMap((site) =>
      problemIf(sites[site]?.database !== undefined, {
        rule: 'restore-whole',
        level: 'error',
        path: ['estate', 'sites', site, 'restore'],
        message: `${site} has a copy of the database that follows the primary, and a restore would set it aside. Restore at a site without a database.`,
      }),
    ),
  ];
};

export const restoreFromBackup: Rule = (plan) => {
  const { restore } = plan.estate;
  return (['database', 'cache', ...trees] as const).flatMap((store) => {
    const backup = restore?.[store]?.backup;
    return problemIf(backup !== undefined && !plan.backups.some(({ id }) => id === backup), {
      rule: 'restore-from-backup',
      level: 'error',
      path: ['estate', 'restore', store, 'backup'],
      message: `The plan has no backup "${backup}". Choose among ${plan.backups.map(({ id }) => id).join(', ')}.`,
    });
  });
};

/** A cache that is restored is one that the estate has, and listens somewhere. */
export const restoreCacheWhole: Rule = (plan) => {
  const { restore, sites, cache } = plan.estate;
  const restores = restore?.cache !== undefined;
  return [
    ...problemIf(restores && cache === undefined, {
      rule: 'restore-cache-whole',
      level: 'error',
      path: ['estate', 'restore', 'cache'],
      message: 'The plan says how the cache is restored, and the estate has none. Add estate.cache, or take estate.restore.cache out.',
    }),
    ...restoringSites(plan).flatMap((site) =>
      problemIf(restores !== (sites[site]?.restore?.cache !== undefined), {
        rule: 'restore-cache-whole',
        level: 'error',
        path: ['estate', 'sites', site, 'restore'],
        message: restores
          ? `The cache is restored, and the plan does not say where it listens at ${site}. Add cache: { host, port } there, or take estate.restore.cache out.`
          : `The plan says where a restored cache listens at ${site}, and restores none. Add estate.restore.cache, or take cache out there.`,
      }),
    ),
  ];
};

/** Two trees in one place would be versions of each other. */
export const restoreTreesApart: Rule = ({ estate: { restore } }) =>
  problemIf(restore?.application !== undefined && restore.application.from === restore.sessions?.from, {
    rule: 'restore-trees-apart',
    level: 'error',
    path: ['estate', 'restore', 'sessions', 'from'],
    message: `Application and sessions both come from ${restore?.application?.from}, so that a version of one could be taken for one of the other. Give each a place of its own.`,
  });

/** A target of the cold start at which nothing can be restored is none. */
export const coldStartRestores: Rule = (plan) =>
  plan.sites.flatMap((site, index) =>
    problemIf(
      site.targetOf.includes('coldStart') && plan.procedures.coldStart !== undefined && (!plan.estate.restore || !plan.estate.sites[site.id]?.restore),
      {
        rule: 'cold-start-restores',
        level: 'error',
        path: ['sites', index, 'targetOf'],
        message: `${site.id} is a target of the cold start, and nothing is restored there. Add estate.restore and estate.sites.${site.id}.restore, or take it out as a target.`,
      },
    ),
  );

/** They are counted as the observer, who reads the tables of the functions and the keys of the cache. */
export const referencesReadable: Rule = ({ estate: { restore, functionProbes } }) =>
  (restore?.references ?? []).flatMap(({ table }, index) => {
    const problem = (message: string) => ({ rule: 'references-readable', level: 'error' as const, path: ['estate', 'restore', 'references', index], message });
    return [
      ...problemIf(
        !functionProbes.some(({ tables }) => tables.includes(table)),
        problem(`No function has the table ${table}, so that the observer need not be able to read it. Name it in estate.functionProbes, or correct it.`),
      ),
      ...problemIf(
        restore?.cache === undefined,
        problem('The cache starts empty, and what it says is of no backup. Add estate.restore.cache, or take the references out.'),
      ),
    ];
  });

/** Every site that owns a switch is lost then. */
export const coldStartRoutes: Rule = (plan) =>
  problemIf(plan.procedures.coldStart !== undefined && !plan.estate.dns.methods.includes('control-plane'), {
    rule: 'cold-start-routes',
    level: 'error',
    path: ['estate', 'dns', 'methods'],
    message:
      'A cold start routes by changing the record, since the sites with a switch are lost. Add control-plane, or take the runbook of the cold start out.',
  });

/** site-restore restores what runs on hosts, and the services of AWS what they make themselves. */
export const restoreOnHosts: Rule = (plan) => {
  const { restore, cache, database } = plan.estate;
  const byHosts = restoringSites(plan).filter((site) => isRestoredByHost(plan, site));
  const isByHosts = byHosts.length > 0 || restoringSites(plan).length === 0;
  return [
    ...problemIf(isByHosts && restore?.cache !== undefined && cache !== undefined && cache.driver !== 'redis', {
      rule: 'restore-on-hosts',
      level: 'error',
      path: ['estate', 'restore', 'cache'],
      message: 'Only Redis on hosts is restored, and the plan has its cache elsewhere. Take estate.restore.cache out: the cache then starts empty.',
    }),
    ...problemIf(isByHosts && restore !== undefined && database.driver !== 'postgresql', {
      rule: 'restore-on-hosts',
      level: 'error',
      path: ['estate', 'restore'],
      message: 'Only PostgreSQL on hosts is restored, and the plan has its database elsewhere. Take estate.restore out.',
    }),
  ];
};
