/**
 * The program `terraform` on this machine. Its output goes to a file and it has a process group of its own: it may be in the middle of making something when the worker dies, and then ends its work and writes its
 * state, where a broken pipe would end it in between.
 */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../errors.ts';
import { currentContext } from '../task.ts';

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** What it wrote. */
  readonly out: string;
  readonly err: string;
}

/** Files of ours beside those of Terraform, which no version control keeps: saved plans hold secrets. */
export function workFolder(folder: string): string {
  return join(folder, '.terraform', 'dr');
}

/** A name of the run that is safe in a path. */
export function fileNameOf(execution: string): string {
  return execution.replaceAll(/[^A-Za-z0-9-]+/g, '_');
}

/** Runs it in `folder`. When the activity is cancelled, it is told to stop, which it does after what it has in hand. Rejects with a `permanent` failure where there is no such program. */
export async function runTerraform(folder: string, args: readonly string[]): Promise<Ended> {
  const files = workFolder(folder);
  await mkdir(files, { recursive: true, mode: 0o700 });
  const name = join(files, `${process.pid}-${process.hrtime.bigint()}`);
  const [out, err] = [await open(`${name}.out`, 'wx', 0o600), await open(`${name}.err`, 'wx', 0o600)];
  try {
    const child = spawn('terraform', [...args], { cwd: folder, detached: true, stdio: ['ignore', out.fd, err.fd] });
    const signal = currentContext()?.cancellationSignal;
    const stop = () => void child.kill('SIGINT');
    signal?.addEventListener('abort', stop);
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', resolve);
      });
      return { code, out: await readFile(`${name}.out`, 'utf8'), err: await readFile(`${name}.err`, 'utf8') };
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw failure('permanent', {
      happened: 'There is no program terraform on the PATH of this worker.',
      leftAs: 'Nothing was changed.',
      next: 'Install Terraform on the machine of each worker, restart the worker, then choose retry.',
    });
  } finally {
    await Promise.all([out.close(), err.close()]);
    await Promise.all([rm(`${name}.out`, { force: true }), rm(`${name}.err`, { force: true })]);
  }
}
