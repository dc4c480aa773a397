/** What the commands that start a procedure have in common: their options, the check of them, and the way from the start to the end. */
import type { Command } from 'commander';
import type { ProcedureName } from '../../plan/catalogue/index.ts';
import type { Plan } from '../../plan/schema.ts';
import type { StartInput } from '../../workflows/wire/messages.ts';
import type { StartInputs } from '../../workflows/wire/starts.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { badInput } from './failures.ts';
import { follow } from './follow.ts';
import type { Io } from './io.ts';
import { printJson, withProgress } from './io.ts';
import { checkPerson, readPlan } from './plan-input.ts';
import type { PlanOption } from './plan-input.ts';
import { uiLink, withClient } from './session.ts';

export interface StartOptions extends PlanOption {
  readonly mode: string;
  readonly as: string;
  readonly detach?: true;
  readonly json?: true;
}

/** Adds the options of `StartOptions`. */
export function withStartOptions(command: Command): Command {
  return command
    .option('--mode <mode>', 'live, or dry-run to change nothing', 'live')
    .requiredOption('--as <person>', 'who starts it; the starter does not vote')
    .option('--detach', 'return once the run has started')
    .option('--json', 'for programs');
}

/** Starts a procedure and follows it. `complete` checks what is the procedure's own against the plan, and makes the input; what it throws ends the command before anything is sent. */
export async function startProcedure<Name extends ProcedureName>(
  io: Io,
  procedure: Name,
  options: StartOptions,
  complete: (common: StartInput, plan: Plan) => StartInputs[Name],
): Promise<ExitCode> {
  const { plan, digest } = await readPlan(io, options);
  const input = complete({ estate: plan.estate.name, mode: readMode(options.mode), startedBy: options.as, planDigest: digest }, plan);
  checkPerson(plan, options.as);
  return withClient(io, async (client) => {
    const run = await withProgress(io, 'Waiting for the run to take the plan', client.start(procedure, input));
    const link = uiLink(io, client, run);
    if (options.json && options.detach) printJson(io, { ...run, link });
    if (!options.json) io.out(`Started ${run.runId} (${input.mode}).${link ? `\nWatch it: ${link}` : ''}\n`);
    return options.detach ? exitCodes.ok : follow(io, client, run.runId, options.json === true);
  });
}

function readMode(mode: string): StartInput['mode'] {
  if (mode === 'live' || mode === 'dry-run') return mode;
  throw badInput(`--mode: there is no mode ${mode} to start by hand.`, 'Write live or dry-run.');
}
