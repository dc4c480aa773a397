/** Starts a lab in the background and waits until it is ready. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeProgram } from '../child.ts';
import { labDirectory } from '../paths.ts';
import { requireSetup } from '../setup/setup.ts';
import type { LabStatus } from '../status.ts';
import { call, LabError, supervisorPid, type LabHandle } from './call.ts';
import { down } from './down.ts';

const readyWithinMs = 120_000;

/** Ends with a ready lab, or with everything ended again. `progress` gets a line for each stage. */
export async function up(lab: LabHandle, progress: (line: string) => void): Promise<LabStatus> {
  if (supervisorPid(lab) !== null) {
    progress(`lab ${lab.name} is up already`);
    return call<LabStatus>(lab, 'status');
  }
  requireSetup();
  await down(lab, () => {});
  const logFile = launch(lab);
  const interrupted = onInterrupt();
  try {
    return await Promise.race([follow(lab, logFile, progress), interrupted.promise]);
  } catch (error) {
    await down(lab, progress);
    throw error;
  } finally {
    interrupted.forget();
  }
}

function launch(lab: LabHandle): string {
  const directory = labDirectory(lab.repository, lab.name);
  mkdirSync(directory, { recursive: true });
  const logFile = join(directory, 'supervisor.log');
  const log = openSync(logFile, 'w');
  const { command, args } = nodeProgram(import.meta.url, '../supervisor');
  const supervisor = spawn(command, [...args, lab.name], { cwd: lab.repository, detached: true, stdio: ['ignore', log, log] });
  supervisor.unref();
  closeSync(log);
  return logFile;
}

/** Prints the supervisor's progress until it is ready. */
async function follow(lab: LabHandle, logFile: string, progress: (line: string) => void): Promise<LabStatus> {
  const startedAt = Date.now();
  let shown = 0;
  let seen = false;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (supervisorPid(lab) === null) {
      if (seen || Date.now() - startedAt > 20_000 || hasFailed(logFile))
        throw new LabError(`The lab's supervisor ended: ${lastLine(logFile)} Its log is ${logFile}.`);
      continue;
    }
    seen = true;
    const status = await call<LabStatus>(lab, 'status', {}, 10_000);
    for (const line of status.progress.slice(shown)) progress(line);
    shown = status.progress.length;
    if (status.phase === 'ready') return status;
    if (status.failure !== null) throw new LabError(`The lab did not start: ${status.failure} Its log is ${logFile}.`);
    if (Date.now() - startedAt > readyWithinMs) throw new LabError(`The lab was not ready within ${readyWithinMs / 1000} s. Look at ${logFile}.`);
  }
}

function hasFailed(logFile: string): boolean {
  return existsSync(logFile) && /^failed: /m.test(readFileSync(logFile, 'utf8'));
}

function lastLine(logFile: string): string {
  return (/^failed: (.*)$/m.exec(readFileSync(logFile, 'utf8'))?.[1] ?? 'it said nothing.').trim();
}

/** Rejects on Ctrl-C, so that what was started is ended before the command is. */
function onInterrupt(): { promise: Promise<never>; forget: () => void } {
  let listener: () => void = () => {};
  const promise = new Promise<never>((_, reject) => {
    listener = () => reject(new LabError('Interrupted: everything that was started has ended.'));
  });
  promise.catch(() => {});
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, listener);
  return {
    promise,
    forget: () => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, listener);
    },
  };
}
