/** Laws about what comes back from backups. */
import { restoringSites } from '../rules/restore-points.ts';
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
  if (!restore) return [];
  return problemIf(!plan.backups.some(({ id }) => id === restore.database.backup), {
    rule: 'restore-from-backup',
    level: 'error',
    path: ['estate', 'restore', 'database', 'backup'],
    message: `The plan has no backup "${restore.database.backup}". Choose among ${plan.backups.map(({ id }) => id).join(', ')}.`,
  });
};

/** A target of the cold start at which nothing can be restored is none. */
export const coldStartRestores: Rule = (plan) =>
  plan.sites.flatMap((site, index) =>
    problemIf(site.targetOf.includes('coldStart') && plan.estate.restore !== undefined && plan.estate.sites[site.id]?.restore === undefined, {
      rule: 'cold-start-restores',
      level: 'error',
      path: ['sites', index, 'targetOf'],
      message: `${site.id} is a target of the cold start, and nothing is restored there. Add estate.sites.${site.id}.restore, or take it out as a target.`,
    }),
  );
