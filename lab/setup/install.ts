/** Runs an installer with a sign of life, and its output kept for the case of failure. */
import { spawn } from 'node:child_process';

const signOfLifeMs = 10_000;

export interface InstallOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly withinMs: number;
}

/** Ends when the installer has ended well. Throws an Error with its last lines otherwise. */
export async function install(argv: readonly string[], what: string, progress: (line: string) => void, options: InstallOptions): Promise<void> {
  const [command, ...args] = argv as [string, ...string[]];
  const startedAt = Date.now();
  progress(`${what} …`);
  const timer = setInterval(() => progress(`${what}: ${Math.round((Date.now() - startedAt) / 1000)} s`), signOfLifeMs);
  try {
    await ended(command, args, options);
  } finally {
    clearInterval(timer);
  }
}

function ended(command: string, args: readonly string[], options: InstallOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.withinMs,
      ...(options.env ? { env: options.env } : {}),
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    let output = '';
    const keep = (part: Buffer) => (output = (output + part.toString('utf8')).slice(-4_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
    child.once('exit', (code, signal) => {
      if (code === 0) return resolve();
      const last = output.trim().split('\n').slice(-4).join(' | ');
      reject(new Error(signal ? `${command} took longer than ${options.withinMs / 1000} s. ${last}` : last || `${command} ended with ${code}`));
    });
  });
}
