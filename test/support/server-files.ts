/** Where tests keep the files of the servers that they start. */
import { mkdtempSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const memory = '/dev/shm';
/** Three workers with an estate and its frozen copy each take a tenth of it. */
const roomBytes = 4 * 1024 ** 3;

/**
 * A new folder for servers, which any account can be let into. It is in memory where that has room: an estate that begins anew takes out thousands of small files and makes them again, and a disk
 * spends a quarter of the test's processor time on that. Elsewhere, as in a container with its 64 MB, it is on disk.
 */
export function makeServerFolder(prefix: string): string {
  return mkdtempSync(join(memoryHasRoom() ? memory : '/var/tmp', prefix));
}

/** Agents are programs among the files: a mount that lets none run is of no use. */
function memoryHasRoom(): boolean {
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .findLast(([, path]) => path === memory);
  if (!mount || mount[3]?.split(',').includes('noexec')) return false;
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize >= roomBytes;
}
