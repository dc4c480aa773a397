/** The golden copy: initialised data and its passwords, made once, so that `up` and `reset` only copy files. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { giveToServers } from './ownership.ts';
import { initialiseData } from './postgres/initialise.ts';
import { run } from './run.ts';
import { accounts, type Account } from './settings.ts';

export type Passwords = Readonly<Record<Account, string>>;

export interface GoldenCopy {
  /** A PostgreSQL data folder, shut down cleanly: a copy of it is a primary, or with a signal file a standby. */
  readonly pgdata: string;
  readonly passwords: Passwords;
}

/** The golden copy below `root`; made when the schema changed or none exists. `host` is a free loopback address to make it at. */
export async function goldenCopy(root: string, repository: string, host: string, progress: (line: string) => void): Promise<GoldenCopy> {
  const schema = readFileSync(join(repository, 'lab', 'schema.sql'), 'utf8');
  const recipe = readFileSync(join(repository, 'lab', 'postgres', 'initialise.ts'), 'utf8');
  const key = createHash('sha256').update(schema).update(recipe).digest('hex').slice(0, 12);
  const folder = join(root, '.golden', key);
  if (!existsSync(folder)) await make(folder, schema, host, progress);
  return { pgdata: join(folder, 'pgdata'), passwords: JSON.parse(readFileSync(join(folder, 'passwords.json'), 'utf8')) as Passwords };
}

async function make(folder: string, schema: string, host: string, progress: (line: string) => void): Promise<void> {
  progress('making the golden copy of the databases (once)');
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true, mode: 0o755 });
  giveToServers(draft);
  const passwords = Object.fromEntries(Object.keys(accounts).map((account) => [account, randomBytes(12).toString('hex')])) as unknown as Passwords;
  try {
    await initialiseData(join(draft, 'pgdata'), host, passwords, schema);
    writeFileSync(join(draft, 'passwords.json'), JSON.stringify(passwords), { mode: 0o600 });
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another lab may have finished the same copy first.
    if (!existsSync(folder)) throw error;
  }
}

/** Copies the golden data folder; sparse and shared blocks where the file system can. */
export async function copyData(golden: GoldenCopy, target: string): Promise<void> {
  await run(['cp', '-a', '--reflink=auto', golden.pgdata, target]);
}
