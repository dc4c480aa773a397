/** Node 24 from npm's own packages, for the tests that must also pass under it; the Node that runs this is left alone. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './install.ts';
import { setupPaths } from './paths.ts';

/** Newest of the long-term line when this was written; npm names it `node-<platform>-<architecture>`. */
const version = '24.21.0';
const withinMs = 5 * 60_000;

/** Absolute path of the program. */
export async function ensureNode24(repository: string, progress: (line: string) => void): Promise<string> {
  const { root, node24 } = setupPaths(repository);
  if (existsSync(node24)) return node24;
  const draft = join(root, 'node24.draft');
  const name = `node-${process.platform}-${process.arch}@${version}`;
  mkdirSync(draft, { recursive: true });
  try {
    // npm unpacks it as it unpacks any dependency, and runs nothing of it.
    await install(
      ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--prefix', draft, name],
      `fetching Node ${version}`,
      progress,
      { withinMs },
    );
    mkdirSync(join(node24, '..'), { recursive: true });
    renameSync(join(draft, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node'), node24);
  } catch (error) {
    throw new Error(`Node 24 was not fetched: ${(error as Error).message} Check that npm reaches its registry, and start again.`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return node24;
}
