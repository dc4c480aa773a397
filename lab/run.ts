/** Runs a program to its end without holding up the lab's network, which lives in the same process. */
import { execFile } from 'node:child_process';
import { asUnprivileged } from './identity.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly unprivileged?: boolean;
  readonly input?: string;
  /** Longest run, in milliseconds. */
  readonly withinMs?: number;
}

/** Standard output of the program. Throws one sentence with its last words when it fails. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const [command, ...args] = (options.unprivileged ? asUnprivileged(argv) : argv) as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { cwd: options.cwd, env: options.env ?? process.env, timeout: options.withinMs ?? 60_000, maxBuffer: 16 * 1024 * 1024, encoding: 'utf8' },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        reject(new Error(`${argv[0]} ${argv[1] ?? ''} failed: ${(stderr || error.message).trim().split('\n').slice(-3).join(' ')}`));
      },
    );
    // A program may end before it has read everything; its exit code tells whether that was a fault.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}
