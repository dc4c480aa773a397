/** `dr failover start`. */
import type { Command } from 'commander';
import type { RegionalFailoverInput } from '../../../workflows/wire/regional-failover.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { badInput } from '../failures.ts';
import { follow } from '../follow.ts';
import type { Io } from '../io.ts';
import { printJson, withProgress } from '../io.ts';
import { checkPerson, checkSite, checkTarget, readPlan } from '../plan-input.ts';
import type { PlanOption } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { uiLink, withClient } from '../session.ts';

interface StartOptions extends PlanOption {
  readonly from: string;
  readonly to: string;
  readonly mode: string;
  readonly as: string;
  readonly declaredFailed?: string;
  readonly since?: string;
  readonly detach?: true;
  readonly json?: true;
}

export function addFailover(program: Command, register: Register): void {
  const start = program
    .command('failover')
    .description('recover the estate at another site')
    .command('start')
    .description('start a regional failover and follow it; people decide at its gates')
    .requiredOption('--from <site>', 'site that is believed failed')
    .requiredOption('--to <site>', 'site to recover at')
    .option('--mode <mode>', 'live, or dry-run to change nothing', 'live')
    .option('--declared-failed <reason>', 'declare the site failed against the probes (grey failure)')
    .option('--since <time>', 'with --declared-failed: since when, RFC 3339')
    .requiredOption('--as <person>', 'who starts it; the starter does not vote')
    .option('--detach', 'return once the run has started')
    .option('--json', 'for programs');
  register(start, startFailover);
}

async function startFailover(io: Io, options: StartOptions): Promise<ExitCode> {
  const input = await readInput(io, options);
  return withClient(io, async (client) => {
    const run = await withProgress(io, 'Waiting for the run to take the plan', client.start('regionalFailover', input));
    const link = uiLink(io, client, run);
    if (options.json && options.detach) printJson(io, { ...run, link });
    if (!options.json) io.out(`Started ${run.runId} (${input.mode}).${link ? `\nWatch it: ${link}` : ''}\n`);
    return options.detach ? exitCodes.ok : follow(io, client, run.runId, options.json === true);
  });
}

async function readInput(io: Io, options: StartOptions): Promise<RegionalFailoverInput> {
  const { plan, digest } = await readPlan(io, options);
  checkSite(plan, options.from, '--from');
  checkSite(plan, options.to, '--to');
  checkTarget(plan, options.from, options.to);
  checkPerson(plan, options.as);
  return {
    estate: plan.estate.name,
    from: options.from,
    to: options.to,
    mode: checkMode(options.mode),
    startedBy: options.as,
    planDigest: digest,
    ...declaration(options),
  };
}

function checkMode(mode: string): 'live' | 'dry-run' {
  if (mode === 'live' || mode === 'dry-run') return mode;
  throw badInput(`--mode: there is no mode ${mode} to start by hand.`, 'Write live or dry-run.');
}

function declaration(options: StartOptions): Pick<RegionalFailoverInput, 'declaredFailed'> {
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
