/** Where the lab's programs are: Debian's own, and what set-up puts under `.setup/`. */
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { repositoryRoot } from '../paths.ts';

/** Folder of Debian's PostgreSQL 15 programs, which are not on the PATH. */
export const postgresBin = '/usr/lib/postgresql/15/bin';

export interface SetupPaths {
  readonly root: string;
  readonly motoServer: string;
  readonly temporal: string;
  readonly testServer: string;
  readonly testServerLib: string;
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
  };
}

export interface Tool {
  readonly name: string;
  readonly debianPackage: string;
  /** Folders that are searched before the PATH. */
  readonly folders?: readonly string[];
}

/** Programs that the lab runs, and the Debian packages that bring them. */
export const tools: readonly Tool[] = [
  { name: 'postgres', debianPackage: 'postgresql-15', folders: [postgresBin] },
  { name: 'initdb', debianPackage: 'postgresql-15', folders: [postgresBin] },
  { name: 'psql', debianPackage: 'postgresql-client-15', folders: [postgresBin] },
  { name: 'redis-server', debianPackage: 'redis-server' },
  { name: 'redis-cli', debianPackage: 'redis-tools' },
  { name: 'sshd', debianPackage: 'openssh-server', folders: ['/usr/sbin'] },
  { name: 'ssh-keygen', debianPackage: 'openssh-client' },
  { name: 'openssl', debianPackage: 'openssl' },
  { name: 'curl', debianPackage: 'curl' },
  { name: 'ps', debianPackage: 'procps' },
  { name: 'setpriv', debianPackage: 'util-linux' },
  { name: 'flock', debianPackage: 'util-linux' },
];

/** Absolute path of a program, or null. */
export function findProgram(name: string, folders: readonly string[] = []): string | null {
  for (const folder of [...folders, ...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
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

/** Absolute path of one of `tools`. Throws one sentence that says which package to install. */
export function program(name: string): string {
  const tool = tools.find((candidate) => candidate.name === name);
  const file = findProgram(name, tool?.folders);
  if (file) return file;
  throw new Error(`The program "${name}" is missing. Nothing was changed. Install it with: apt-get install ${tool?.debianPackage ?? name}`);
}

/** The Temporal command line: from the PATH, from set-up, or from Go's folder of programs. Null when there is none. */
export function findTemporal(repository: string = repositoryRoot()): string | null {
  const goBin = process.env.GOBIN ?? join(process.env.GOPATH ?? join(homedir(), 'go'), 'bin');
  return findProgram('temporal') ?? findProgram('temporal', [join(repository, '.setup', 'bin')]) ?? findProgram('temporal', [goBin]);
}
