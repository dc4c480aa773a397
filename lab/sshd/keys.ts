/** SSH keys of a lab: made once, so that pinned host keys stay true from one `up` to the next. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { labSites, type LabSite } from '../addresses.ts';
import { run } from '../run.ts';
import { program } from '../setup/paths.ts';

export interface KeyFiles {
  /** Private key of the orchestrator; its public half lies beside it with `.pub`. */
  readonly orchestrator: string;
  /** The same for restores. */
  readonly restore: string;
  hostKey(site: LabSite): string;
}

export function keyFiles(labDirectory: string): KeyFiles {
  const folder = join(labDirectory, 'keys');
  return { orchestrator: join(folder, 'orchestrator'), restore: join(folder, 'restore'), hostKey: (site) => join(folder, `host-${site}`) };
}

export async function makeKeys(labDirectory: string): Promise<void> {
  const files = keyFiles(labDirectory);
  mkdirSync(join(labDirectory, 'keys'), { recursive: true, mode: 0o700 });
  const wanted = [files.orchestrator, files.restore, ...labSites.map((site) => files.hostKey(site))].filter((file) => !existsSync(file));
  await Promise.all(wanted.map((file) => run([program('ssh-keygen'), '-q', '-t', 'ed25519', '-N', '', '-C', 'dr-lab', '-f', file])));
}

/** The host key as `ssh-keygen -lf` prints it: `SHA256:` and 43 characters. */
export async function fingerprint(labDirectory: string, site: LabSite): Promise<string> {
  const printed = await run([program('ssh-keygen'), '-lf', `${keyFiles(labDirectory).hostKey(site)}.pub`]);
  return printed.split(' ')[1] as string;
}
