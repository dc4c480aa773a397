/** Follows a run to its end: a live page for a person, lines for a log. Ctrl-C leaves the run going. */
import type { DrClient, RunView } from '../client.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import { printJsonLine } from './io.ts';
import { exitCodeOfView } from './verdict.ts';
import { renderProgress, renderView } from './views/status.ts';

export async function follow(io: Io, client: DrClient, runId: string, json: boolean): Promise<ExitCode> {
  const controller = new AbortController();
  const takeBack = io.onInterrupt(() => controller.abort());
  let last: RunView | undefined;
  try {
    for await (const view of client.watch(runId, { signal: controller.signal })) {
      if (json) printJsonLine(io, view);
      else show(io, view, last);
      last = view;
    }
  } finally {
    takeBack();
  }
  if (controller.signal.aborted) {
    io.err(`\nThe run ${runId} goes on without this terminal. Look again: dr status --watch --run ${runId}\n`);
    return exitCodes.interrupted;
  }
  return last ? exitCodeOfView(last) : exitCodes.ok;
}

function show(io: Io, view: RunView, last: RunView | undefined): void {
  if (io.interactive) io.clear();
  io.out(io.interactive ? renderView(view) : renderProgress(view, last));
}
