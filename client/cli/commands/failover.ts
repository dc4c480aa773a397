/** `dr failover start`. */
import type { Command } from 'commander';
import { declaration, type DeclarationOptions, withDeclaration } from '../declaration.ts';
import { checkSite, checkTarget } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { startProcedure, withStartOptions } from '../start-command.ts';
import type { StartOptions } from '../start-command.ts';

interface FailoverOptions extends StartOptions, DeclarationOptions {
  readonly from: string;
  readonly to: string;
}

export function addFailover(program: Command, register: Register): void {
  const start = program
    .command('failover')
    .description('recover the estate at another site')
    .command('start')
    .description('start a regional failover and follow it; people decide at its gates')
    .requiredOption('--from <site>', 'site that is believed failed')
    .requiredOption('--to <site>', 'site to recover at');
  register(withStartOptions(withDeclaration(start, 'the site')), (io, options: FailoverOptions) =>
    startProcedure(io, 'regionalFailover', options, (common, plan) => {
      const { from, to } = options;
      checkSite(plan, from, '--from');
      checkSite(plan, to, '--to');
      checkTarget(plan, from, to);
      return { ...common, from, to, ...declaration(options) };
    }),
  );
}
