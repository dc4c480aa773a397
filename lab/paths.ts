/** Where a lab keeps its things, and where the repository is. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asUnprivileged } from './identity.ts';

/** The folder of package.json, found upwards, so that it is the same from sources and from `dist/`. */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error('The repository with package.json was not found above the lab. Nothing was changed. Run dr-lab from a clone of the repository.');
    folder = parent;
  }
  return folder;
}

const namePattern = /^[a-z][a-z0-9-]{0,30}$/;

/** Refuses names that could leave the state folder or a socket's length. */
export function checkLabName(name: string): string {
  if (!namePattern.test(name))
    throw new Error(`"${name}" is not a lab's name. Nothing was changed. Use up to 31 lower-case letters, digits and dashes, starting with a letter.`);
  return name;
}

/** Root of all labs' state: `.lab` of the repository, or a folder that the servers' user can enter when it cannot enter the repository. */
export function stateRoot(repository: string): string {
  const inRepository = join(repository, '.lab');
  mkdirSync(inRepository, { recursive: true });
  if (canEnter(inRepository)) return inRepository;
  const hash = createHash('sha256').update(repository).digest('hex').slice(0, 12);
  const outside = join('/var/tmp', `dr-lab-${hash}`);
  mkdirSync(outside, { recursive: true, mode: 0o755 });
  return outside;
}

/** The state folder of one lab; makes `.lab/<name>` lead there. */
export function labDirectory(repository: string, name: string): string {
  checkLabName(name);
  const root = stateRoot(repository);
  const directory = join(root, name);
  mkdirSync(directory, { recursive: true });
  const link = join(repository, '.lab', name);
  if (link !== directory) pointLink(link, directory);
  return directory;
}

function pointLink(link: string, directory: string): void {
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() && readlinkSync(link) === directory) return;
  if (there) rmSync(link, { recursive: true, force: true });
  symlinkSync(directory, link);
}

function canEnter(folder: string): boolean {
  const [command, ...args] = asUnprivileged(['test', '-x', folder]) as [string, ...string[]];
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
