/** Laws about objectives, functions and backups. */
import { formatSeconds, seconds } from '../durations.ts';
import { servedFunctions, strictestRpo } from '../rules/objectives.ts';
import type { Objective } from '../schema.ts';
import { problemIf, type Problem, type Rule } from './rule.ts';

const objectiveWithinMtd = (objective: Objective, path: Problem['path']): readonly Problem[] => {
  const [rto, mtd] = [seconds(objective.rto), seconds(objective.mtd)];
  if (rto < mtd) return [];
  const message =
    rto > mtd
      ? `The RTO ${objective.rto} is longer than the MTD ${objective.mtd}. Shorten the RTO, or raise the MTD with the business.`
      : `The RTO ${objective.rto} is the MTD itself: a recovery in time would already be at the limit. Shorten the RTO, or accept this with a note.`;
  return [{ rule: 'rto-within-mtd', level: rto > mtd ? 'error' : 'warning', path, message }];
};

export const rtoWithinMtd: Rule = (plan) => [
  ...objectiveWithinMtd(plan.objectives.overall, ['objectives', 'overall']),
  ...plan.objectives.categories.flatMap((category, index) => objectiveWithinMtd(category, ['objectives', 'categories', index])),
  ...plan.functions.flatMap((entry, index) => objectiveWithinMtd(entry, ['functions', index])),
];

export const tierOneWithinOverall: Rule = (plan) =>
  plan.functions.flatMap((entry, index) =>
    problemIf(entry.tier === 1 && seconds(entry.rto) > seconds(plan.objectives.overall.rto), {
      rule: 'tier-one-within-overall',
      level: 'error',
      path: ['functions', index, 'rto'],
      message: `A function of tier 1 has the RTO ${entry.rto}, and the plan promises ${plan.objectives.overall.rto} for all critical ones. Shorten it, or change its tier.`,
    }),
  );

export const functionVerified: Rule = (plan) => {
  const probed = new Set(plan.estate.functionProbes.map((probe) => probe.function));
  return plan.functions.flatMap((entry, index) =>
    problemIf(entry.tier <= 2 && !probed.has(entry.id), {
      rule: 'function-verified',
      level: 'warning',
      path: ['functions', index],
      message: `No probe of estate.functionProbes covers this function, so a failover neither verifies nor times it. Add a probe, or accept this with a note.`,
    }),
  );
};

export const probeCompares: Rule = (plan) =>
  plan.estate.functionProbes.flatMap((probe, index) =>
    problemIf(probe.tables.length === 0 && probe.cacheKeys.length === 0, {
      rule: 'probe-compares',
      level: 'warning',
      path: ['estate', 'functionProbes', index],
      message: 'The probe names no tables and no cache keys, so missing data would not be noticed. Name what the function cannot do without.',
    }),
  );

export const lagWithinRpo: Rule = (plan) => {
  const rpo = strictestRpo(servedFunctions(plan));
  return problemIf(seconds(plan.estate.limits.lagTimeMax) > rpo, {
    rule: 'lag-within-rpo',
    level: 'error',
    path: ['estate', 'limits', 'lagTimeMax'],
    message: `A lag of ${plan.estate.limits.lagTimeMax} would pass without a question, and the strictest RPO of a function is ${formatSeconds(rpo)}. Write no more than that.`,
  });
};

export const backupMeetsRecoveryPoint: Rule = (plan) =>
  plan.backups.flatMap((backup, index) =>
    problemIf(backup.frequency !== undefined && backup.recoveryPoint !== undefined && seconds(backup.frequency) > seconds(backup.recoveryPoint), {
      rule: 'backup-meets-recovery-point',
      level: 'warning',
      path: ['backups', index],
      message: `A backup every ${backup.frequency} cannot give a recovery point of ${backup.recoveryPoint}. Back up more often, or say by a note what else gives it.`,
    }),
  );
