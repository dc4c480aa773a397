/** The Temporal command line, which brings the development server. */
import { copyFileSync, chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { install } from './install.ts';
import { findProgram, findTemporal, setupPaths } from './paths.ts';

const goModule = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const downloadWithinMs = 25_000;
const buildWithinMs = 8 * 60_000;

/** Path of `temporal`: what is there, else the SDK's download, else built from source by Go. */
export async function ensureTemporal(repository: string, progress: (line: string) => void): Promise<string> {
  const there = findTemporal(repository);
  if (there) return there;
  const target = setupPaths(repository).temporal;
  mkdirSync(dirname(target), { recursive: true });
  if (await download(target, progress)) return target;
  const go = findProgram('go') ?? findProgram('go', ['/usr/local/go/bin']);
  if (!go) {
    throw new Error(
      'The Temporal command line could not be downloaded and Go is not here to build it. Nothing else was changed. Install the Temporal CLI so that `temporal` is on the PATH.',
    );
  }
  await install([go, 'install', goModule], 'building the Temporal command line with Go', progress, {
    withinMs: buildWithinMs,
    env: { ...process.env, GOBIN: dirname(target), GOFLAGS: '-buildvcs=false' },
  });
  return target;
}

/** Lets the SDK fetch its own copy, and keeps that. False when it cannot within the bound. */
async function download(target: string, progress: (line: string) => void): Promise<boolean> {
  progress('downloading the Temporal command line …');
  // Loaded only here: it takes a second, and most calls find what they look for.
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const folder = join(tmpdir(), `temporal-download-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const started = TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'cached-download', downloadDir: folder }, ip: '127.0.0.1' } });
  started.then((environment) => environment.teardown()).catch(() => {});
  const bounded = new Promise<'late'>((resolve) => setTimeout(resolve, downloadWithinMs, 'late').unref());
  try {
    if ((await Promise.race([started, bounded])) === 'late') return false;
  } catch {
    return false;
  }
  const file = readdirSync(folder).find((name) => name.startsWith('temporal'));
  if (file === undefined) return false;
  copyFileSync(join(folder, file), target);
  chmodSync(target, 0o755);
  return existsSync(target);
}
