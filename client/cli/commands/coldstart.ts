/** `dr coldstart start`. */
import type { Command } from 'commander';
import type { Plan } from '../../../plan/schema.ts';
import { declaration, type DeclarationOptions, withDeclaration } from '../declaration.ts';
import { badInput } from '../failures.ts';
import { checkSite } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { startProcedure, withStartOptions } from '../start-command.ts';
import type { StartOptions } from '../start-command.ts';

interface ColdStartOptions extends StartOptions, DeclarationOptions {
  readonly at: string;
}

export function addColdStart(program: Command, register: Register): void {
  const start = program
    .command('coldstart')
    .description('build the estate at a site that has nothing but backups')
    .command('start')
    .description('start a cold start, when every site with a copy of the data has failed, and follow it; people decide at its gates')
    .requiredOption('--at <site>', 'site that is built from backups');
  register(withStartOptions(withDeclaration(start, 'the other sites')), (io, options: ColdStartOptions) =>
    startProcedure(io, 'coldStart', options, (common, plan) => {
      checkSite(plan, options.at, '--at');
      checkBuilt(plan, options.at);
      return { ...common, from: copiesOf(plan), at: options.at, ...declaration(options) };
    }),
  );
}

/** Every site that keeps a copy of the data, the one first that customers are served at. */
function copiesOf(plan: Plan): readonly string[] {
  const copies = plan.sites.filter(({ id }) => plan.estate.sites[id]?.database !== undefined);
  return copies.toSorted((one, other) => Number(other.role === 'primary') - Number(one.role === 'primary')).map(({ id }) => id);
}

function checkBuilt(plan: Plan, at: string): void {
  const targets = plan.sites.filter(({ id, targetOf }) => targetOf.includes('coldStart') && plan.estate.sites[id]?.restore !== undefined).map(({ id }) => id);
  if (!targets.includes(at))
    throw badInput(`The plan does not let a cold start build ${at}.`, `Targets of the plan that can restore: ${targets.join(', ') || 'none'}.`);
}
