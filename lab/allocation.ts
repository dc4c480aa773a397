/** Gives each lab an index, which is the second octet of its addresses, so that several run side by side. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { LabAddresses } from './addresses.ts';

const defaultIndex = 10;
const lastIndex = 250;

/** The index of lab `name`; the same at each call while the lab's folder exists. `root` is the folder of all labs. */
export async function allocateIndex(root: string, name: string): Promise<number> {
  const folder = join(root, '.indexes');
  mkdirSync(folder, { recursive: true });
  const first = name === 'default' ? defaultIndex : defaultIndex + 1;
  for (let index = defaultIndex; index <= lastIndex; index++) {
    if (holder(root, folder, index) === name) return index;
  }
  for (let index = first; index <= lastIndex; index++) {
    if (holder(root, folder, index) !== null || !(await isFree(index))) continue;
    if (claim(folder, index, name)) return index;
  }
  throw new Error('All addresses for labs are taken. Nothing was changed. Remove a lab that is down with: rm -r .lab/NAME');
}

/** Who holds the index; null when nobody does or the holder's folder is gone. */
function holder(root: string, folder: string, index: number): string | null {
  const file = join(folder, String(index));
  if (!existsSync(file)) return null;
  const name = readFileSync(file, 'utf8').trim();
  if (name === '' || existsSync(join(root, name))) return name;
  rmSync(file, { force: true });
  return null;
}

function claim(folder: string, index: number, name: string): boolean {
  try {
    writeFileSync(join(folder, String(index)), `${name}\n`, { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

/** Another clone's lab may use the same addresses: its control server tells. */
function isFree(index: number): Promise<boolean> {
  const { host, port } = new LabAddresses(index).control;
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
