/** Where the lab's programs are: Debian's own, and what set-up puts under `.setup/`. */
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { repositoryRoot } from '../paths.ts';

/** Folder of PostgreSQL 15's programs, which Debian does not put on the PATH. DR_LAB_PG_BIN names another one. */
export const postgresBin = process.env.DR_LAB_PG_BIN ?? '/usr/lib/postgresql/15/bin';

export interface SetupPaths {
  readonly root: string;
  readonly motoServer: string;
  readonly temporal: string;
  readonly testServer: string;
  readonly testServerLib: string;
  readonly node24: string;
}

/** What set-up installs, whether or not it is there. */
export function setupPaths(repository: string = repositoryRoot()): SetupPaths {
  const root = join(repository, '.setup');
  return {
    root,
    motoServer: join(root, 'moto', 'bin', 'moto_server'),
    temporal: join(root, 'bin', 'temporal'),
    testServer: join(root, 'bin', 'temporal-test-server'),
    testServerLib: join(root, 'test-server', 'lib'),
    node24: join(root, 'bin', 'node24'),
  };
}

export interface Tool {
  readonly name: string;
  readonly debianPackage: string;
  /** The only folder that counts; the PATH when absent. */
  readonly folder?: string;
}

/** Programs that the lab runs, and the Debian packages that bring them. */
export const tools: readonly Tool[] = [
  { name: 'postgres', debianPackage: 'postgresql-15', folder: postgresBin },
  { name: 'initdb', debianPackage: 'postgresql-15', folder: postgresBin },
  { name: 'psql', debianPackage: 'postgresql-client-15', folder: postgresBin },
  { name: 'pg_isready', debianPackage: 'postgresql-client-15', folder: postgresBin },
  { name: 'redis-server', debianPackage: 'redis-server' },
  { name: 'redis-cli', debianPackage: 'redis-tools' },
  { name: 'sshd', debianPackage: 'openssh-server' },
  { name: 'ssh-keygen', debianPackage: 'openssh-client' },
  { name: 'openssl', debianPackage: 'openssl' },
  { name: 'curl', debianPackage: 'curl' },
  { name: 'ps', debianPackage: 'procps' },
  { name: 'setpriv', debianPackage: 'util-linux' },
  { name: 'flock', debianPackage: 'util-linux' },
];

/** Programs that only the tests run: the Compose file of the deployment is judged by Compose itself, a commander works in a browser, and another service manager than systemd is a real one. */
export const testTools: readonly Tool[] = [
  { name: 'docker-compose', debianPackage: 'docker-compose' },
  { name: 'chromium', debianPackage: 'chromium' },
  { name: 'sv', debianPackage: 'runit' },
];

const searchPath = () => [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];

/** Absolute path of a program in the first of the folders that has it, or null. */
export function findProgram(name: string, folders: readonly string[] = searchPath()): string | null {
  for (const folder of folders) {
    if (folder === '') continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return null;
}

export function findTool({ name, folder }: Tool): string | null {
  return folder === undefined ? findProgram(name) : findProgram(name, [folder]);
}

/** Absolute path of one of `tools`. Throws one sentence that says which package to install. */
export function program(name: string): string {
  const tool = tools.find((candidate) => candidate.name === name);
  const file = tool ? findTool(tool) : findProgram(name);
  if (file) return file;
  throw new Error(`The program "${name}" is missing. Nothing was changed. Install it with: apt-get install ${tool?.debianPackage ?? name}`);
}

/** The Temporal command line: from the PATH, from set-up, or from Go's folder of programs. Null when there is none. */
export function findTemporal(repository: string = repositoryRoot()): string | null {
  const goBin = process.env.GOBIN ?? join(process.env.GOPATH ?? join(homedir(), 'go'), 'bin');
  return findProgram('temporal') ?? findProgram('temporal', [join(repository, '.setup', 'bin')]) ?? findProgram('temporal', [goBin]);
}
