/** The AWS emulator, in a virtual environment of its own. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRoot } from '../identity.ts';
import { install } from './install.ts';
import { findProgram, setupPaths } from './paths.ts';

const version = '5.2.5';
const withinMs = 20 * 60_000;

/** Path of `moto_server`. */
export async function ensureMoto(repository: string, progress: (line: string) => void): Promise<string> {
  const { root, motoServer } = setupPaths(repository);
  if (existsSync(motoServer)) return motoServer;
  const python = findProgram('python3');
  if (!python)
    throw new Error('Python 3 is missing, and the AWS emulator needs it. Nothing was changed. Install it with: apt-get install python3 python3-venv');
  const folder = join(root, 'moto');
  mkdirSync(root, { recursive: true });
  try {
    await install([python, '-m', 'venv', folder], 'making a Python environment', progress, { withinMs });
    await install(
      [join(folder, 'bin', 'pip'), 'install', '--quiet', '--no-compile', '--disable-pip-version-check', `moto[server]==${version}`],
      `installing moto ${version}`,
      progress,
      { withinMs },
    );
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    const hint = isRoot() ? 'apt-get install python3-venv' : 'sudo apt-get install python3-venv';
    throw new Error(`The AWS emulator was not installed: ${(error as Error).message} If the venv module is missing: ${hint}. Then start again.`);
  }
  return motoServer;
}
