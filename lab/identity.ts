/** The user that the lab's servers run as: PostgreSQL refuses root, and a lab should not need it. */
import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';

export interface Identity {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

let known: Identity | undefined;

/** Debian's `postgres` when the caller is root, else the caller. */
export function serverUser(): Identity {
  known ??= isRoot() ? postgresUser() : { name: userInfo().username, uid: process.getuid!(), gid: process.getgid!() };
  return known;
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** A command line that runs `argv` as the servers' user. It replaces itself, so the pid is the server's own. */
export function asUnprivileged(argv: readonly string[]): string[] {
  if (!isRoot()) return [...argv];
  const user = serverUser().name;
  return ['setpriv', `--reuid=${user}`, `--regid=${serverUser().gid}`, '--init-groups', ...argv];
}

function postgresUser(): Identity {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim());
  try {
    return { name: 'postgres', uid: id('-u'), gid: id('-g') };
  } catch {
    throw new Error('The user "postgres" does not exist, and servers must not run as root. Nothing was changed. Install postgresql-15, which brings it.');
  }
}
