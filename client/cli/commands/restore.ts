/** `dr restore points`: what can be restored, and where. It looks, and changes nothing. */
import type { Command } from 'commander';
import { servedFunctions, strictestRpo } from '../../../plan/rules/objectives.ts';
import { restoringSites } from '../../../plan/rules/restore-points.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { badInput } from '../failures.ts';
import type { Io } from '../io.ts';
import { printJson, withProgress } from '../io.ts';
import { readPlan } from '../plan-input.ts';
import type { PlanOption } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { withClient } from '../session.ts';
import { hasUsable, meetsRpo, renderRestorePoints } from '../views/restore-points.ts';

interface PointsOptions extends PlanOption {
  readonly json?: true;
}

export function addRestore(program: Command, register: Register): void {
  const restore = program.command('restore').description('what comes back from backups');
  const points = restore
    .command('points')
    .description(
      'each set of a backup that a site can use, and to which moments; exits with 5 where a site can restore nothing that is as new as the RPO wants, or a store not at all',
    )
    .option('--json', 'for programs');
  register(points, runPoints);
}

async function runPoints(io: Io, options: PointsOptions): Promise<ExitCode> {
  const { plan, digest } = await readPlan(io, options);
  if (restoringSites(plan).length === 0)
    throw badInput('The plan restores nowhere.', 'Say how in estate.restore, and where in estate.sites.<site>.restore: docs/own-estate.md.');
  return withClient(io, async (client) => {
    const found = await withProgress(io, 'Looking at the backups', client.restorePoints({ estate: plan.estate.name, planDigest: digest }));
    const rpoSeconds = strictestRpo(servedFunctions(plan));
    if (options.json) printJson(io, found);
    else io.out(renderRestorePoints(found, { rpoSeconds, bytesPerSecond: plan.estate.restore?.database.bytesPerSecond }));
    const isGood = found.sites.every((points) => meetsRpo(points, found.at, rpoSeconds)) && found.snapshots.every(hasUsable);
    return isGood ? exitCodes.ok : exitCodes.notGood;
  });
}
