/** `dr status` and `dr report`: where a run is, and how it ended. */
import type { Command } from 'commander';
import { renderMarkdown } from '../../../report/markdown.ts';
import { terminalText } from '../../../report/media/terminal.ts';
import type { Report } from '../../../report/report.ts';
import type { DrClient } from '../../client.ts';
import type { StuckWorkflow } from '../../stuck.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { addExports, writeExports } from '../exports.ts';
import type { ExportOptions } from '../exports.ts';
import { follow } from '../follow.ts';
import type { Io } from '../io.ts';
import { printJson } from '../io.ts';
import { chooseRun } from '../plan-input.ts';
import type { PlanOption } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { uiLinkTo, withClient } from '../session.ts';
import { exitCodeOfReport, exitCodeOfView } from '../verdict.ts';
import { renderStuck, renderView } from '../views/status.ts';

interface RunOptions extends PlanOption {
  readonly run?: string;
  readonly json?: true;
}

export function addStatus(program: Command, register: Register): void {
  const status = program.command('status').description('steps, clock and gate of a run; for a broken one what its history says that it changed');
  register(aboutRun(status).option('--watch', 'stay and show every change; Ctrl-C leaves the run going'), showStatus);
  const report = program.command('report').description('the report of a run, complete once it has ended');
  register(addExports(aboutRun(report)), showReport);
}

function aboutRun(command: Command): Command {
  return command.option('--run <run>', "workflow id of the run; absent: the one of the plan's estate").option('--json', 'for programs');
}

async function showStatus(io: Io, options: RunOptions & { readonly watch?: true }): Promise<ExitCode> {
  const runId = await chooseRun(io, options);
  return withClient(io, async (client) => {
    // Before all else: it concerns the estate whatever the run says, also when there is none any more.
    const stuck = await lookForStuck(io, client, options.json === true);
    if (options.watch) return follow(io, client, runId, options.json === true);
    const view = await client.status(runId);
    if (options.json) printJson(io, { ...view, stuck });
    else {
      const link = await uiLinkTo(io, client, runId);
      io.out(`${renderView(view)}${link === null ? '' : `In Temporal UI: ${link}\n`}`);
    }
    const code = exitCodeOfView(view);
    return code === exitCodes.ok && stuck.length > 0 ? exitCodes.notGood : code;
  });
}

/** None where the server does not tell: where the run is must be seen all the same. */
async function lookForStuck(io: Io, client: DrClient, json: boolean): Promise<readonly StuckWorkflow[]> {
  try {
    const stuck = await client.stuck();
    (json ? io.err : io.out)(renderStuck(stuck));
    return stuck;
  } catch (error) {
    io.err(`Whether open workflows cannot go on was not seen: ${terminalText(error instanceof Error ? error.message : String(error))}\n`);
    return [];
  }
}

async function showReport(io: Io, options: RunOptions & ExportOptions): Promise<ExitCode> {
  const runId = await chooseRun(io, options);
  return withClient(io, async (client) => {
    const view = await client.status(runId);
    const report = view.state === 'ended' ? await withAddendum(io, client, view.report) : await client.report(runId);
    if (options.json) printJson(io, report);
    else io.out(renderMarkdown(report));
    if (view.state !== 'ended') io.err('The run is still open; this is the report so far.\n');
    const written = await writeExports(io, options, report);
    if (written !== exitCodes.ok) return written;
    return view.state === 'ended' ? exitCodeOfReport(report) : exitCodes.ok;
  });
}

/** The report is stored and does not change; what was counted since stands below it. It is shown whether or not that can be asked for. */
async function withAddendum(io: Io, client: DrClient, report: Report): Promise<Report> {
  try {
    const addendum = await client.addendum(report);
    return addendum === null ? report : { ...report, addendum };
  } catch (error) {
    io.err(`Whether anything was counted after this run was not seen: ${terminalText(error instanceof Error ? error.message : String(error))}\n`);
    return report;
  }
}
