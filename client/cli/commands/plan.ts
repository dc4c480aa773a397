/** `dr plan check`, `dr plan show` and `dr init`. */
import { cp, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { lintPlan } from '../../../plan/lint.ts';
import { formatFinding } from '../../../plan/load.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { badInput } from '../failures.ts';
import type { Io } from '../io.ts';
import { printJson } from '../io.ts';
import { planFolder, readPlan } from '../plan-input.ts';
import type { PlanOption } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { skeletonFiles } from '../skeleton.ts';
import { renderPlan } from '../views/plan.ts';

interface PlanOptions extends PlanOption {
  readonly json?: true;
}

export function addPlan(program: Command, register: Register): void {
  const plan = program.command('plan').description("the organisation's plan");
  const check = plan
    .command('check')
    .description('file, line and what to do for everything that is wrong with the plan')
    .argument('[folder]', 'instead of --plan');
  register(check.option('--json', 'for programs'), checkPlan);
  const show = plan.command('show').description('the plan for people').argument('[folder]', 'instead of --plan');
  register(show.option('--json', 'for programs'), showPlan);
  register(program.command('init').description('write the skeleton of a plan').argument('<folder>', 'where it goes; it must not hold files'), writeSkeleton);
}

async function checkPlan(io: Io, options: PlanOptions, folder?: string): Promise<ExitCode> {
  const place = planFolder(io, folder === undefined ? options : { plan: folder });
  const { findings, usable, snapshot } = await lintPlan(place);
  if (options.json) printJson(io, { folder: place, usable, digest: snapshot?.digest ?? null, findings });
  else {
    io.out(findings.map((finding) => `${formatFinding(finding)}\n`).join(''));
    io.out(usable ? `The plan in ${place} can be used.\n` : `The plan in ${place} cannot be used. Mend the errors above and check again.\n`);
  }
  return usable ? exitCodes.ok : exitCodes.badInput;
}

async function showPlan(io: Io, options: PlanOptions, folder?: string): Promise<ExitCode> {
  const snapshot = await readPlan(io, folder === undefined ? options : { plan: folder });
  if (options.json) printJson(io, snapshot);
  else io.out(renderPlan(snapshot));
  return exitCodes.ok;
}

async function writeSkeleton(io: Io, _options: object, folder: string): Promise<ExitCode> {
  if ((await filesIn(folder)).length > 0) throw badInput(`${folder} holds files already; nothing was written.`, 'Name a new folder.');
  const skeleton = skeletonFiles();
  await cp(skeleton.folder, folder, { recursive: true });
  await cp(skeleton.schema, path.join(folder, path.basename(skeleton.schema)));
  const files = (await filesIn(folder)).map((file) => `  ${path.join(folder, file)}`);
  io.out(
    `A plan of two sites, with example addresses:\n${files.join('\n')}\nFill in what is marked, then: dr plan check ${folder}, and with a worker running: dr estate check --plan ${folder}\n`,
  );
  return exitCodes.ok;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder, { recursive: true })).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw badInput(`${folder} cannot be used as a folder.`, 'Name a new folder.');
  }
}
