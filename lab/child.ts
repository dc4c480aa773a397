/** A child process of the lab: dies with the supervisor, writes to a log file, leaves no descriptor open. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LabContext } from './component.ts';
import { isRoot, serverUser } from './identity.ts';

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** True: as the servers' user instead of the caller. */
  readonly unprivileged?: boolean;
}

export interface Child {
  readonly pid: number;
  /** True until the process has ended and was reaped. */
  running(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Ends it with `signal`, SIGTERM when not given, after `graceMs` with SIGKILL, and waits until it is gone. */
  stop(graceMs?: number, signal?: NodeJS.Signals): Promise<void>;
  /** Settles when the process has ended and was reaped. */
  readonly exited: Promise<void>;
}

/** How to run one of the lab's own programs, from sources by tsx or compiled. `moduleUrl` is the caller's `import.meta.url`, `file` a path beside it without suffix. */
export function nodeProgram(moduleUrl: string, file: string): { command: string; args: string[] } {
  const fromSources = moduleUrl.endsWith('.ts');
  const program = new URL(`${file}${fromSources ? '.ts' : '.js'}`, moduleUrl).pathname;
  return { command: process.execPath, args: fromSources ? ['--import', import.meta.resolve('tsx'), program] : [program] };
}

/** Starts `options.command` under the name of its component; its pid is kept in `pids/<name>` so that a later `down` can end what a crash left. */
export async function startChild(context: LabContext, name: string, options: ChildOptions): Promise<Child> {
  const logFile = join(context.directory, 'logs', `${name}.log`);
  const pidFile = join(context.directory, 'pids', name);
  for (const file of [logFile, pidFile]) mkdirSync(dirname(file), { recursive: true });
  const log = openSync(logFile, 'a');
  // The kernel ends the child with the thread that spawned it, so that even a killed supervisor leaves nothing behind.
  const [command, ...args] = underSupervision([options.command, ...options.args], options.unprivileged ?? false);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) =>
      reject(new Error(`${name} could not be started: ${error.message}. Nothing else was changed. Install util-linux (setpriv) or look in ${logFile}.`)),
    );
  });
  writeFileSync(pidFile, `${child.pid} ${startTicks(child.pid as number) ?? 0}\n`);
  return handle(child, pidFile);
}

/** Adds to a command that it ends with its parent, and as whom it runs. setpriv replaces itself, so the pid is the command's own. */
function underSupervision(argv: readonly string[], unprivileged: boolean): [string, ...string[]] {
  const user = unprivileged && isRoot() ? [`--reuid=${serverUser().name}`, `--regid=${serverUser().gid}`, '--init-groups'] : [];
  return ['setpriv', ...user, '--pdeathsig', 'KILL', ...argv];
}

/** When a process started, in ticks since boot: with it a pid names one process only, also after pids came round. Null when it is gone. */
export function startTicks(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return null;
  }
}

function handle(child: ChildProcess, pidFile: string): Child {
  let ended = false;
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => {
      ended = true;
      rmSync(pidFile, { force: true });
      resolve();
    }),
  );
  return {
    pid: child.pid as number,
    running: () => !ended,
    signal: (signal) => void (ended || child.kill(signal)),
    exited,
    async stop(graceMs = 2_000, signal = 'SIGTERM') {
      if (ended) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Asks `probe` every 50 ms until it gives true; throws `failure()` after `withinMs`. */
export async function until(probe: () => Promise<boolean> | boolean, withinMs: number, failure: () => string): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    if (await probe()) return;
    if (Date.now() > deadline) throw new Error(failure());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
