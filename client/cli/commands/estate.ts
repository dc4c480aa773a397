/** `dr estate check`: what the workers reach, and what lacks; once, or again and again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { terminalText } from '../../../report/media/terminal.ts';
import type { EstateCheck } from '../../../workflows/wire/messages.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { putFile } from '../exports.ts';
import { badInput } from '../failures.ts';
import { renderEstateMetrics } from '../formats/prometheus.ts';
import type { Io } from '../io.ts';
import { printJson, printJsonLine, withProgress } from '../io.ts';
import { readPlan } from '../plan-input.ts';
import type { PlanOption } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { withClient } from '../session.ts';
import { lacks, renderEstate } from '../views/estate.ts';

interface CheckOptions extends PlanOption {
  readonly json?: true;
  /** Seconds between two looks, as it was typed; `true` without a number. */
  readonly watch?: string | true;
  readonly metrics?: string;
}

const defaultWatchSeconds = 60;

export function addEstate(program: Command, register: Register): void {
  const estate = program.command('estate').description('the real things at the sites');
  const check = estate
    .command('check')
    .description('what the workers reach, as whom, and the exact line to add where something lacks')
    .option('--json', 'for programs; with --watch one line for each look')
    .option('--watch [seconds]', `stay and look again every so many seconds (${defaultWatchSeconds}), and show it whenever something has changed`)
    .option('--metrics <file>', "also write the findings for the textfile collector of Prometheus's node exporter");
  register(check, runEstateCheck);
}

async function runEstateCheck(io: Io, options: CheckOptions): Promise<ExitCode> {
  const { plan, digest } = await readPlan(io, options);
  const estate = plan.estate.name;
  const everySeconds = watchSeconds(options.watch);
  return withClient(io, async (client) => {
    let written = true;
    const look = async (): Promise<EstateCheck> => {
      const check = await client.checkEstate({ estate, planDigest: digest });
      if (options.metrics !== undefined) written = await writeMetrics(io, options.metrics, estate, check);
      return check;
    };
    if (everySeconds !== null) return watchEstate(io, look, everySeconds, options.json === true);
    const check = await withProgress(io, 'Looking at the estate', look());
    if (options.json) printJson(io, check);
    else io.out(renderEstate(check));
    if (lacks(check).length > 0) return exitCodes.notGood;
    return written ? exitCodes.ok : exitCodes.exportFailed;
  });
}

/** False, and said, when the file could not be written; what was found is shown all the same. */
async function writeMetrics(io: Io, file: string, estate: string, check: EstateCheck): Promise<boolean> {
  try {
    await putFile(file, renderEstateMetrics(estate, check));
    return true;
  } catch (error) {
    io.err(`${file} was not written (--metrics): ${terminalText(error instanceof Error ? error.message : String(error))}. Mend that, or name another file.\n`);
    return false;
  }
}

/** Null when it is to be looked at once. */
function watchSeconds(typed: CheckOptions['watch']): number | null {
  if (typed === undefined) return null;
  const number = typed === true ? defaultWatchSeconds : Number(typed);
  if (Number.isFinite(number) && number >= 1) return number;
  throw badInput(`--watch: ${String(typed)} is no number of seconds.`, `Give 1 or more, or leave it out for ${defaultWatchSeconds}.`);
}

/** What must differ to be news: a detail may hold a time or an age. */
function resultsOf(check: EstateCheck): string {
  return JSON.stringify(
    [...check.sites, { site: 'everywhere', checks: check.shared }].map(({ site, checks }) => [site, checks.map(({ what, result }) => [what, result])]),
  );
}

/** Until Ctrl-C. A look that fails is said, and the next one is made all the same: a watch must outlive what it watches. */
async function watchEstate(io: Io, look: () => Promise<EstateCheck>, everySeconds: number, json: boolean): Promise<ExitCode> {
  const controller = new AbortController();
  const takeBack = io.onInterrupt(() => controller.abort());
  let shown = '';
  try {
    while (!controller.signal.aborted) {
      try {
        const check = await look();
        const results = resultsOf(check);
        if (json) printJsonLine(io, check);
        else if (results !== shown) io.out(`${check.at}\n${renderEstate(check)}\n`);
        shown = results;
      } catch (error) {
        io.err(`${new Date().toISOString()} The estate was not looked at: ${terminalText(error instanceof Error ? error.message : String(error))}\n`);
      }
      await delay(everySeconds * 1000, undefined, { signal: controller.signal }).catch(() => undefined);
    }
  } finally {
    takeBack();
  }
  return exitCodes.interrupted;
}
