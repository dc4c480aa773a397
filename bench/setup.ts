/** What only the benchmarks need: the AWS command line and Ansible, each in a Python environment of its own under `.setup/bench/`. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { install } from '../lab/setup/install.ts';
import { findProgram } from '../lab/setup/paths.ts';
import { repositoryRoot } from '../lab/paths.ts';

const withinMs = 10 * 60_000;

/** Pinned, so that two tables can be compared. Ansible's newer versions need a Python that Debian 12 does not have. */
const awsPackage = 'awscli==1.46.3';
const ansiblePackage = 'ansible-core==2.19.14';

export interface PeerPrograms {
  readonly aws: string;
  readonly ansiblePlaybook: string;
}

/** Installs what is missing. Throws one sentence that says what to do when it cannot. */
export async function ensurePeerPrograms(progress: (line: string) => void): Promise<PeerPrograms> {
  const aws = await ensurePython('aws', awsPackage, 'aws', progress);
  const ansiblePlaybook = await ensurePython('ansible', ansiblePackage, 'ansible-playbook', progress);
  return { aws, ansiblePlaybook };
}

async function ensurePython(name: string, wanted: string, program: string, progress: (line: string) => void): Promise<string> {
  const folder = join(repositoryRoot(), '.setup', 'bench', name);
  const file = join(folder, 'bin', program);
  if (existsSync(file)) return file;
  const python = findProgram('python3');
  if (!python) throw new Error(`Python 3 is missing, and ${wanted} needs it. Nothing was changed. Install it with: apt-get install python3 python3-venv`);
  mkdirSync(join(folder, '..'), { recursive: true });
  try {
    await install([python, '-m', 'venv', folder], `making a Python environment for ${wanted}`, progress, { withinMs });
    // Compiled once here, whatever PYTHONDONTWRITEBYTECODE says: a peer that compiles itself at each start would be a straw man.
    await install([join(folder, 'bin', 'pip'), 'install', '--quiet', '--disable-pip-version-check', wanted], `installing ${wanted}`, progress, { withinMs });
    await install([join(folder, 'bin', 'python'), '-m', 'compileall', '-q', join(folder, 'lib')], `compiling ${wanted}`, progress, { withinMs });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`${wanted} was not installed: ${(error as Error).message} Check that pip reaches its index, and start again.`);
  }
  return file;
}
