/** Starts a lab in the background and waits until it is ready. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeProgram } from '../child.ts';
import { labDirectory } from '../paths.ts';
import { requireSetup } from '../setup/setup.ts';
import type { LabStatus } from '../status.ts';
import { call, LabError, supervisorPid, type LabHandle } from './call.ts';
import { down } from './down.ts';

const readyWithinMs = 180_000;

/** Ends with a ready lab, or with everything ended again. `progress` gets a line for each stage. */
export async function up(lab: LabHandle, progress: (line: string) => void): Promise<LabStatus> {
  if (supervisorPid(lab) !== null) {
    progress(`lab ${lab.name} is up already`);
    return follow(lab, () => supervisorPid(lab) !== null, progress);
  }
  requireSetup();
  await down(lab, () => {});
  const supervisor = launch(lab);
  const interrupted = onInterrupt();
  try {
    return await Promise.race([follow(lab, supervisor.running, progress), interrupted.promise]);
  } catch (error) {
    await supervisor.end();
    await down(lab, progress);
    throw error;
  } finally {
    interrupted.forget();
  }
}

interface Supervisor {
  running(): boolean;
  end(): Promise<void>;
}

const logFileOf = (lab: LabHandle) => join(lab.directory, 'supervisor.log');

function launch(lab: LabHandle): Supervisor {
  mkdirSync(labDirectory(lab.repository, lab.name), { recursive: true });
  const log = openSync(logFileOf(lab), 'w');
  const { command, args } = nodeProgram(import.meta.url, '../supervisor');
  const child = spawn(command, [...args, lab.name], { cwd: lab.repository, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let running = true;
  const exited = new Promise<void>((resolve) => child.once('exit', () => ((running = false), resolve())));
  child.unref();
  return {
    running: () => running,
    async end() {
      if (!running) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Prints the supervisor's progress until it is ready. */
async function follow(lab: LabHandle, running: () => boolean, progress: (line: string) => void): Promise<LabStatus> {
  const startedAt = Date.now();
  const logFile = logFileOf(lab);
  for (let shown = 0; ;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (!running()) throw new LabError(`The lab's supervisor ended: ${lastWords(logFile)} Its log is ${logFile}.`);
    if (Date.now() - startedAt > readyWithinMs) throw new LabError(`The lab was not ready within ${readyWithinMs / 1000} s. Look at ${logFile}.`);
    // It records itself once its control answers.
    if (supervisorPid(lab) === null) continue;
    const status = await call<LabStatus>(lab, 'status', {}, 30_000);
    for (const line of status.progress.slice(shown)) progress(line);
    shown = status.progress.length;
    if (status.phase === 'ready') return status;
    if (status.failure !== null) throw new LabError(`The lab did not start: ${status.failure} Its log is ${logFile}.`);
  }
}

function lastWords(logFile: string): string {
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
