/** Faults of backups, and of a restore from them. They are the same whichever site is named, but those of the site that restores. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../child.ts';
import type { LabEstate } from '../estate.ts';
import { serverFolder } from '../ownership.ts';
import { killTree } from '../process-tree.ts';
import { run } from '../run.ts';
import type { LabSiteServers } from '../site/site.ts';
import type { Fault, FaultTarget } from './fault.ts';

/** Of PostgreSQL: names of whole segments. */
const segment = /^[0-9A-F]{24}$/;
const smallDiskMegabytes = 16;

const restoresHere = ({ estate, site }: FaultTarget): string | null =>
  existsSync(estate.site(site).folders.restore) ? null : `Nothing is restored at ${site}; nothing was changed.`;

/** The newest of a folder of backups, by its name. */
function newest(folder: string, is: (name: string) => boolean = () => true): string | undefined {
  const name = readdirSync(folder).filter(is).toSorted().at(-1);
  return name === undefined ? undefined : join(folder, name);
}

const made = async ({ estate }: FaultTarget): Promise<string | null> =>
  newest(estate.backups.folders.base) === undefined ? 'There is no backup; nothing was changed. Make one with: dr-lab backup' : null;

/** The byte in the middle of a file is another one. Its size and its times say nothing of that to who looks at them alone. */
function flipByte(file: string): object {
  const offset = Math.floor(statSync(file).size / 2);
  const handle = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, offset);
  byte.writeUInt8(byte.readUInt8(0) ^ 0xff);
  writeSync(handle, byte, 0, 1, offset);
  closeSync(handle);
  return { file, offset };
}

function largestIn(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const sized = files.map((entry) => join(entry.parentPath, entry.name)).map((file) => ({ file, bytes: statSync(file).size }));
  return sized.toSorted((left, right) => right.bytes - left.bytes)[0]?.file ?? folder;
}

/** A fault that is gone with the backups at the lab's reset: what a backup has lost comes back by nothing. */
function ofBackups(name: string, about: string, inject: (estate: LabEstate) => object): Fault {
  return { name, about, available: made, inject: async ({ estate }) => inject(estate), heal: async () => undefined };
}

function killed(name: string, about: string, ids: (site: LabSiteServers) => readonly number[]): Fault {
  return {
    name,
    about,
    available: async (target) => restoresHere(target),
    async inject({ estate, site }) {
      const found = () => ids(estate.site(site));
      await until(
        async () => found().length > 0,
        10_000,
        () => `Nothing of that ran at ${site} within 10 s; nothing was changed.`,
      );
      const ended = found();
      await Promise.all(ended.map((id) => killTree(id)));
      return { ended };
    },
    heal: async () => undefined,
  };
}

/** What carries out jobs of the restore's script at a site. */
function restoresOf({ folders }: LabSiteServers): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((id) => {
      const file = join('/proc', id, 'cmdline');
      const words = existsSync(file) ? readText(file).split('\0') : [];
      return words.includes(join(folders.restore, 'site-restore')) && words.includes('job-run');
    })
    .map(Number);
}

/** Empty where the process has ended meanwhile. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

export const backupFaults: readonly Fault[] = [
  ofBackups('log-gap', 'a segment of the archived log is missing, and the log goes on behind it', ({ backups }) => {
    const file = newest(backups.folders.wal, (name) => segment.test(name));
    if (file !== undefined) rmSync(file);
    return { file };
  }),
  ofBackups('set-corrupt', 'one byte of the newest base backup is another', ({ backups }) =>
    flipByte(largestIn(join(newest(backups.folders.base) ?? '', 'base'))),
  ),
  ofBackups('snapshot-corrupt', 'one byte of the newest snapshot of the cache is another', ({ backups }) =>
    flipByte(newest(backups.folders.cache, (name) => name.endsWith('.rdb')) ?? ''),
  ),
  {
    name: 'target-disk-full',
    about: `the disk that the database is to be restored to has ${smallDiskMegabytes} MB`,
    available: async (target) => restoresHere(target) ?? (process.getuid?.() === 0 ? null : 'Only root can mount a disk; nothing was changed.'),
    async inject({ estate, site }) {
      const { root, restore } = estate.site(site).folders;
      const disk = join(root, 'disk');
      serverFolder(disk);
      await run(['mount', '-t', 'tmpfs', '-o', `size=${smallDiskMegabytes}m,mode=777`, 'tmpfs', disk]);
      const file = join(restore, 'restore.conf');
      writeFileSync(file, `${readFileSync(file, 'utf8')}PG_DATA='${join(disk, 'pgdata')}'\n`);
      return { disk };
    },
    async heal({ estate, site }) {
      const { root, restore } = estate.site(site).folders;
      const disk = join(root, 'disk');
      if (!existsSync(disk)) return;
      const file = join(restore, 'restore.conf');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^PG_DATA='.*\/disk\/pgdata'\n/m, ''));
      await run(['umount', '--lazy', disk]);
      rmSync(disk, { recursive: true });
    },
  },
  killed('restore-dead', 'a restore that is under way has ended (SIGKILL)', restoresOf),
  killed('restored-dead', 'the server of the restored database has ended (SIGKILL), and nobody starts it', ({ restored }) => restored.ids()),
];
