/** `dr failover start`. */
import type { Command } from 'commander';
import type { RegionalFailoverInput } from '../../../workflows/wire/regional-failover.ts';
import { badInput } from '../failures.ts';
import { checkSite, checkTarget } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { startProcedure, withStartOptions } from '../start-command.ts';
import type { StartOptions } from '../start-command.ts';

interface FailoverOptions extends StartOptions {
  readonly from: string;
  readonly to: string;
  readonly declaredFailed?: string;
  readonly since?: string;
}

export function addFailover(program: Command, register: Register): void {
  const start = program
    .command('failover')
    .description('recover the estate at another site')
    .command('start')
    .description('start a regional failover and follow it; people decide at its gates')
    .requiredOption('--from <site>', 'site that is believed failed')
    .requiredOption('--to <site>', 'site to recover at')
    .option('--declared-failed <reason>', 'declare the site failed against the probes (grey failure)')
    .option('--since <time>', 'with --declared-failed: since when, RFC 3339');
  register(withStartOptions(start), (io, options: FailoverOptions) =>
    startProcedure(io, 'regionalFailover', options, (common, plan) => {
      const { from, to } = options;
      checkSite(plan, from, '--from');
      checkSite(plan, to, '--to');
      checkTarget(plan, from, to);
      return { ...common, from, to, ...declaration(options) };
    }),
  );
}

function declaration(options: FailoverOptions): Pick<RegionalFailoverInput, 'declaredFailed'> {
  if (options.declaredFailed === undefined) {
    if (options.since !== undefined)
      throw badInput('--since says since when a site is declared failed, and nobody declared it.', 'Add --declared-failed REASON, or leave --since out.');
    return {};
  }
  if (options.declaredFailed.trim() === '') throw badInput('--declared-failed needs a reason.', 'Say what you see that the probes do not.');
  if (options.since === undefined) return { declaredFailed: { reason: options.declaredFailed } };
  const since = new Date(options.since);
  if (Number.isNaN(since.getTime()) || since.getTime() > Date.now())
    throw badInput(`--since: ${options.since} is not a time in the past.`, 'Write RFC 3339, such as 2026-05-04T13:37:00Z.');
  return { declaredFailed: { reason: options.declaredFailed, since: since.toISOString() } };
}
