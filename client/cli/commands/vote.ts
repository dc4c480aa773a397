/** `dr vote`, `dr approve`, `dr reject`, `dr stop`, `dr resume`: what people say to a run. */
import type { Command } from 'commander';
import type { Said } from '../../client.ts';
import { terminalText } from '../../../report/media/terminal.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { badInput } from '../failures.ts';
import type { Io } from '../io.ts';
import { printJson } from '../io.ts';
import { checkPerson, chooseRun, readPlan } from '../plan-input.ts';
import type { PlanOption } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { withClient } from '../session.ts';

interface SayOptions extends PlanOption {
  readonly run?: string;
  readonly as: string;
  readonly reason: string;
  readonly json?: true;
}

interface VoteOptions extends SayOptions {
  readonly gate: string;
  readonly choice: string;
}

export function addVote(program: Command, register: Register): void {
  const vote = saying(program.command('vote').description('vote at the open gate; the answer says whether the vote counts')).requiredOption(
    '--gate <gate>',
    'gate id as dr status shows it',
  );
  register(vote.requiredOption('--choice <choice>', "one of the gate's choices, such as approve or 'accept 42'"), castVote);
  for (const choice of ['approve', 'reject']) {
    const short = saying(program.command(choice).description(`vote ${choice} at the open gate`)).requiredOption(
      '--gate <gate>',
      'gate id as dr status shows it',
    );
    register(short, (io, options: Omit<VoteOptions, 'choice'>) => castVote(io, { ...options, choice }));
  }
  register(saying(program.command('stop').description('hold the run before its next change; what is under way ends first')), (io, options: SayOptions) =>
    say(io, options, 'stop'),
  );
  register(saying(program.command('resume').description('let a stopped run go on')), (io, options: SayOptions) => say(io, options, 'resume'));
}

function saying(command: Command): Command {
  return command
    .option('--run <run>', "workflow id of the run; absent: the one of the plan's estate")
    .requiredOption('--as <person>', 'who says it (asserted: nothing proves it yet)')
    .requiredOption('--reason <why>', 'why; it stands in the report')
    .option('--json', 'for programs');
}

async function castVote(io: Io, options: VoteOptions): Promise<ExitCode> {
  const { runId, said } = await prepare(io, options);
  return withClient(io, async (client) => {
    const receipt = await client.vote(runId, { gate: options.gate, choice: options.choice, ...said });
    if (options.json) printJson(io, receipt);
    else io.out(`${terminalText(receipt.note)} Votes for ${options.choice}: ${receipt.votes} of ${receipt.quorum}.\n`);
    return exitCodes.ok;
  });
}

/** A signal has no answer: what it did, the run alone can tell. */
const sentences = {
  stop: 'Sent: the run halts before its next change, and what is under way ends first; it takes this from people of its plan alone. Whether it has halted:',
  resume: 'Sent: the run goes on once a worker has given it this, and ignores whoever is not in its plan. Whether it goes on:',
} as const;

async function say(io: Io, options: SayOptions, what: 'stop' | 'resume'): Promise<ExitCode> {
  const { runId, said } = await prepare(io, options);
  return withClient(io, async (client) => {
    await client[what](runId, said);
    if (options.json) printJson(io, { runId, sent: what });
    else io.out(`${sentences[what]} dr status --run ${runId}\n`);
    return exitCodes.ok;
  });
}

/** With a plan at hand the person is checked before anything is sent; the run checks in any case. */
async function prepare(io: Io, options: SayOptions): Promise<{ runId: string; said: Said }> {
  if (options.reason.trim() === '') throw badInput('--reason is empty.', 'Say why; it stands in the report.');
  const runId = await chooseRun(io, options);
  if (options.plan ?? io.environment['DR_PLAN']) checkPerson((await readPlan(io, options)).plan, options.as);
  return { runId, said: { who: options.as, reason: options.reason } };
}
