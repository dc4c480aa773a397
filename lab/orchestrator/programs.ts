/** Runs the project's own programs (`dr`, `dr-lab`, the worker) as a user would: as processes, by their command lines. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { repositoryRoot } from '../paths.ts';

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** How to run a program of the repository: compiled when it was built, else from its sources. */
export function programOf(path: string): string[] {
  const compiled = join(repositoryRoot(), 'dist', `${path}.js`);
  return existsSync(compiled) ? [compiled] : ['--import', import.meta.resolve('tsx'), join(repositoryRoot(), `${path}.ts`)];
}

/** Runs a program to its end. Never throws for its exit code. */
export function run(path: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}, withinMs = 300_000): Promise<Answer> {
  return new Promise((resolve) => {
    const options = { cwd: repositoryRoot(), env: { ...process.env, ...environment }, timeout: withinMs, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(process.execPath, [...programOf(path), ...args], options, (error, out, err) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, out, err }),
    );
    child.stdin?.end();
  });
}

/** What a program tells line by line, and what it said beside that so far. */
export interface Telling {
  readonly lines: AsyncIterable<string>;
  said(): string;
}

/** Runs a program that tells what it sees line by line, until it ends, nobody reads on, or `withinMs` are over. */
export function linesOf(path: string, args: readonly string[], environment: Readonly<Record<string, string>>, withinMs: number): Telling {
  const options = { cwd: repositoryRoot(), env: { ...process.env, ...environment } };
  const child = spawn(process.execPath, [...programOf(path), ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said += part.toString()));
  const end = () => {
    said += `It was ended after ${withinMs / 1000} s.`;
    child.kill();
  };
  const timer = Number.isFinite(withinMs) ? setTimeout(end, withinMs) : undefined;
  async function* lines() {
    try {
      yield* createInterface({ input: child.stdout });
    } finally {
      clearTimeout(timer);
      child.kill();
    }
  }
  return { lines: lines(), said: () => said.trim() };
}

/** A server or worker that runs until it is ended. */
export interface Background {
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end, waits, and ends it for good after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
  /** Ends it without a warning, and waits until it is gone. */
  kill(): Promise<void>;
  /** Settles when it has ended, however. */
  readonly exited: Promise<void>;
  ended(): boolean;
  /** The end of what it has printed. */
  lastWords(): string;
}

const lastWordsLength = 4_000;

/** Starts a program in the background, its output in `logFile`. It ends with this process, whatever becomes of that. */
export function startBackground(command: readonly string[], logFile: string, environment: Readonly<Record<string, string>> = {}): Background {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    cwd: repositoryRoot(),
    env: { ...process.env, ...environment },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  return background(child, logFile);
}

function background(child: ChildProcess, logFile: string): Background {
  let over = false;
  const exited = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  }).then(() => {
    over = true;
  });
  return {
    pid: child.pid ?? 0,
    ended: () => over,
    lastWords: () => readFileSync(logFile, 'utf8').slice(-lastWordsLength),
    exited,
    signal: (signal) => void (over || child.kill(signal)),
    async kill() {
      if (!over) child.kill('SIGKILL');
      await exited;
    },
    async stop(graceMs = 10_000) {
      if (over) return;
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await Promise.race([exited, pause(graceMs, undefined, { ref: false })]);
      if (!over) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Waits until `ready` says so; throws one sentence after `withinMs`, or at once when `failed` gives a reason. */
export async function waitFor(what: string, ready: () => Promise<boolean>, withinMs: number, failed: () => string | null = () => null): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await ready().catch(() => false))) {
    const reason = failed();
    if (reason !== null) throw new Error(`${what} did not start: ${reason}`);
    if (Date.now() > deadline) throw new Error(`${what} was not ready within ${withinMs / 1000} s.`);
    await pause(100);
  }
}
