/** Installs what the lab and the tests need and this machine lacks. A second call finds everything and returns in milliseconds. */
import { existsSync } from 'node:fs';
import { repositoryRoot } from '../paths.ts';
import { ensureDebianPackages } from './debian.ts';
import { ensureMoto } from './moto.ts';
import { ensureNode24 } from './node.ts';
import { program, setupPaths, testTools, tools, zooTools } from './paths.ts';
import { ensureTemporal } from './temporal.ts';
import { ensureTestServer } from './test-server.ts';
import { ensureZoo } from './zoo.ts';

export interface SetupOptions {
  /** True: also what only the tests need. */
  readonly tests: boolean;
  /** True: also the newer Node, under which the rules are tested as well. */
  readonly node24: boolean;
  /** True: also the other versions of the servers and the other managers that the whole zoo runs. */
  readonly zoo: boolean;
  readonly progress: (line: string) => void;
}

export interface SetupResult {
  /** Absolute path of the Temporal command line. */
  readonly temporal: string;
  readonly motoServer: string;
  /** Absolute path of the time-skipping test server; null when it was not asked for. */
  readonly testServer: string | null;
}

/** Installs nothing: throws one sentence that says what to do when a program of the lab is missing. */
export function requireSetup(): void {
  for (const { name } of tools) program(name);
  const { motoServer } = setupPaths();
  if (!existsSync(motoServer))
    throw new Error('The AWS emulator is not installed, so the lab cannot start. Nothing was changed. Install it with: npm run setup');
}

/** Throws one sentence that says what to do when something cannot be installed; what was installed before stays. */
export async function ensureSetup({ tests, node24, zoo, progress }: SetupOptions): Promise<SetupResult> {
  const repository = repositoryRoot();
  await ensureDebianPackages([...tools, ...(tests ? testTools : []), ...(zoo ? zooTools : [])], progress);
  // One after the other: they share the network, and people read one line at a time.
  const motoServer = await ensureMoto(repository, progress);
  const temporal = await ensureTemporal(repository, progress);
  const testServer = tests ? await ensureTestServer(repository, progress) : null;
  if (node24) await ensureNode24(repository, progress);
  if (zoo) await ensureZoo(repository, progress);
  return { temporal, motoServer, testServer };
}
