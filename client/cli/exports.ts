/** Files that `dr report` writes besides what it prints. A file that cannot be written changes nothing about the run, and has an exit code of its own. */
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { renderCloudEvents } from '../../report/formats/cloud-events.ts';
import { renderJUnit } from '../../report/formats/junit.ts';
import { terminalText } from '../../report/media/terminal.ts';
import type { Report } from '../../report/report.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { renderHtml } from './formats/html.ts';
import { NoBrowserError, renderPdf } from './formats/pdf.ts';
import type { Io } from './io.ts';

interface Format {
  readonly meaning: string;
  readonly render: (report: Report, environment: Io['environment']) => string | Promise<string | Uint8Array>;
}

/** Option of the command line, and how the file is made. */
const formats = {
  html: { meaning: 'also write the report as one self-contained page, for screen and paper', render: renderHtml },
  pdf: { meaning: 'also print that page; needs Chromium on the PATH or in DR_CHROMIUM', render: renderPdf },
  junit: { meaning: 'also write the run as a JUnit file: a case for its outcome, each step, and each RTO and RPO', render: renderJUnit },
  cloudevents: { meaning: "also write the run's events as a JSON batch of CloudEvents 1.0", render: renderCloudEvents },
} satisfies Readonly<Record<string, Format>>;

type FormatName = keyof typeof formats;

/** The files that were asked for, by format. */
export type ExportOptions = { readonly [F in FormatName]?: string };

export function addExports(command: Command): Command {
  for (const [name, { meaning }] of Object.entries(formats)) command.option(`--${name} <file>`, meaning);
  return command;
}

/** Writes each file that was asked for and says so; one that fails does not keep another from being written, and the first such gives the code. */
export async function writeExports(io: Io, options: ExportOptions, report: Report): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  for (const name of Object.keys(formats) as FormatName[]) {
    const file = options[name];
    if (file === undefined) continue;
    try {
      io.err(`${(await putFile(file, await formats[name].render(report, io.environment))) ? 'Replaced' : 'Wrote'} ${file}.\n`);
    } catch (error) {
      if (code === exitCodes.ok) code = error instanceof NoBrowserError ? exitCodes.noBrowser : exitCodes.exportFailed;
      io.err(`${file} was not written (--${name}): ${firstLine(error)}. The run and its report are as they were.\n`);
      io.err(`Mend that, or name another file, and ask again: dr report --run ${report.runId} --${name} FILE\n`);
    }
  }
  return code;
}

/** Libraries add logs of many lines to their messages. */
function firstLine(error: unknown): string {
  return terminalText((error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '').replace(/\.$/, '');
}

/** The file appears whole or stays as it was. True when it replaces one. */
export async function putFile(file: string, text: string | Uint8Array): Promise<boolean> {
  const before = await stat(file).catch(() => undefined);
  if (before && !before.isFile()) throw new Error('something else than a file has that name');
  const draft = `${file}.${process.pid}.new`;
  try {
    await writeFile(draft, text, { flag: 'wx' });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return before !== undefined;
}
