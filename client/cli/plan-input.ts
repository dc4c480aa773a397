/** The plan that a command line is checked against, so that a wrong name is found before anything is sent. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { loadPlan } from '../../plan/load.ts';
import { nearest } from '../../plan/nearest.ts';
import type { Plan, PlanSnapshot } from '../../plan/schema.ts';
import { makeRunWorkflowId } from '../../workflows/wire/ids.ts';
import { badInput } from './failures.ts';
import type { Io } from './io.ts';

export interface PlanOption {
  readonly plan?: string;
}

/** Folder of the plan: `--plan`, else DR_PLAN. Throws DrError `bad-input` when there is neither, or no such folder. */
export function planFolder(io: Io, option: PlanOption): string {
  const folder = option.plan ?? io.environment['DR_PLAN'];
  if (!folder) throw badInput('No plan is named.', 'Give --plan FOLDER, or set DR_PLAN to the folder.');
  if (!existsSync(folder)) throw badInput(`There is no plan folder ${folder}.`, 'Check --plan and DR_PLAN, or write a skeleton: dr init FOLDER');
  return path.resolve(folder);
}

/** Throws PlanError when the plan cannot be used. */
export async function readPlan(io: Io, option: PlanOption): Promise<PlanSnapshot> {
  return loadPlan(planFolder(io, option));
}

/** The run that is meant: `--run`, else the plan's estate's. */
export async function chooseRun(io: Io, option: PlanOption & { readonly run?: string }): Promise<string> {
  if (option.run) return option.run;
  if (!option.plan && !io.environment['DR_PLAN'])
    throw badInput('No run is named.', 'Give --run RUN, such as --run recovery/shop, or --plan FOLDER for the run of its estate.');
  return makeRunWorkflowId((await readPlan(io, option)).plan.estate.name);
}

export function checkSite(plan: Plan, site: string, option: string): void {
  const known = plan.sites.map(({ id }) => id);
  if (!known.includes(site)) throw badInput(`${option}: the plan has no site ${site}.${meant(site, known)}`, `Sites of the plan: ${known.join(', ')}.`);
}

export function checkTarget(plan: Plan, from: string, to: string): void {
  if (from === to) throw badInput(`${to} cannot be recovered at itself.`, 'Name another site with --to.');
  const targets = plan.sites.filter((site) => site.targetOf.includes('regionalFailover') && site.id !== from).map(({ id }) => id);
  if (!targets.includes(to)) throw badInput(`The plan does not let a regional failover go to ${to}.`, `Targets of the plan: ${targets.join(', ') || 'none'}.`);
}

export function checkPerson(plan: Plan, person: string): void {
  const known = plan.people.map(({ id }) => id);
  if (!known.includes(person)) throw badInput(`--as: the plan knows no person ${person}.${meant(person, known)}`, `People of the plan: ${known.join(', ')}.`);
}

function meant(word: string, candidates: readonly string[]): string {
  const guess = nearest(word, candidates);
  return guess === undefined ? '' : ` Did you mean ${guess}?`;
}
