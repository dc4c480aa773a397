/** The `dr` command line: a thin layer over the client. */
import { Command } from 'commander';
import { addAssess } from './commands/assess.ts';
import { addColdStart } from './commands/coldstart.ts';
import { addEstate } from './commands/estate.ts';
import { addFailover } from './commands/failover.ts';
import { addPlan } from './commands/plan.ts';
import { addRelease } from './commands/release.ts';
import { addRestore } from './commands/restore.ts';
import { addStart } from './commands/start.ts';
import { addStatus } from './commands/status.ts';
import { addVote } from './commands/vote.ts';
import type { ExitCode } from './exit-codes.ts';
import { exitCodeMeanings, exitCodes } from './exit-codes.ts';
import { explainFailure } from './failures.ts';
import type { Io } from './io.ts';
import { guarded } from './io.ts';
import type { Register } from './register.ts';

/** Runs one command line (without `node` and the script) and resolves with its exit code; never throws. */
export async function runCli(argv: readonly string[], world: Io): Promise<ExitCode> {
  const io = guarded(world);
  let code: ExitCode = exitCodes.ok;
  const register: Register = (command, action) => {
    command.action(async (...given: unknown[]) => {
      const argument = given.length > 2 ? given[0] : undefined;
      code = await action(io, command.optsWithGlobals(), argument as Parameters<typeof action>[2]);
    });
  };
  const program = createProgram(io, register);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return explainFailure(io, error);
  }
}

/** Every command with its arguments and options; `register` gives them their actions. */
export function createProgram(io: Io, register: Register): Command {
  const program = new Command('dr')
    .description(
      "Disaster recovery: start, decide, watch and report recovery runs.\nConnects by Temporal's profile and variables (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, …).",
    )
    .option('--plan <folder>', `folder of the plan; absent: DR_PLAN${io.environment['DR_PLAN'] ? ` (${io.environment['DR_PLAN']})` : ''}`)
    .addHelpText('after', `\nExit codes:\n${exitCodeLines().join('\n')}`);
  for (const add of [addFailover, addColdStart, addStart, addAssess, addEstate, addRestore, addVote, addStatus, addRelease, addPlan]) add(program, register);
  configure(program, io);
  return program;
}

function exitCodeLines(): readonly string[] {
  return Object.entries(exitCodes).map(([name, code]) => `  ${String(code).padEnd(4)} ${exitCodeMeanings[name as keyof typeof exitCodes]}`);
}

/** Every command, however deep, throws instead of ending the process, and writes where `io` says. */
function configure(command: Command, io: Io): void {
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) });
  for (const child of command.commands) configure(child, io);
}
