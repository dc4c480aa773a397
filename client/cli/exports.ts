/** Files that `dr report` writes besides what it prints. A file that cannot be written changes nothing about the run, and has an exit code of its own. */
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { renderCloudEvents } from '../../report/formats/cloud-events.ts';
import type { ReportToExport } from '../../report/formats/export.ts';
import { renderJUnit } from '../../report/formats/junit.ts';
import type { Io } from './io.ts';

/** Option of the command line, and how the file is made. */
const formats = {
  junit: { meaning: 'also write the run as a JUnit file: a case for its outcome, each step, and each RTO and RPO', render: renderJUnit },
  cloudevents: { meaning: "also write the run's events as a JSON batch of CloudEvents 1.0", render: renderCloudEvents },
} as const;

type Format = keyof typeof formats;

/** The files that were asked for, by format. */
export type ExportOptions = { readonly [F in Format]?: string };

export function addExports(command: Command): Command {
  for (const [name, { meaning }] of Object.entries(formats)) command.option(`--${name} <file>`, meaning);
  return command;
}

/** Writes each file that was asked for and says so; one that fails does not keep another from being written. False when one was not written. */
export async function writeExports(io: Io, options: ExportOptions, exported: ReportToExport): Promise<boolean> {
  let complete = true;
  for (const name of Object.keys(formats) as Format[]) {
    const file = options[name];
    if (file === undefined) continue;
    try {
      io.err(`${(await put(file, formats[name].render(exported))) ? 'Replaced' : 'Wrote'} ${file}.\n`);
    } catch (error) {
      complete = false;
      io.err(`${file} was not written (--${name}): ${error instanceof Error ? error.message : String(error)}. The run and its report are as they were.\n`);
      io.err(`Mend that, or name another file, and ask again: dr report --run ${exported.report.runId} --${name} FILE\n`);
    }
  }
  return complete;
}

/** The file appears whole or stays as it was. True when it replaces one. */
async function put(file: string, text: string): Promise<boolean> {
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
