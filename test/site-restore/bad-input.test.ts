/**
 * Goal: whatever is wrong with what a restore is given, it is refused before anything is changed, and the message names what there is instead. Method: the worker's driver over a real SSH session at a
 * host whose copy of a real backup is spoiled; an inventory of all that the host has, before and after.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OverSsh, run, site } from './over-ssh.ts';
import { owned } from './host.ts';
import { Host, removeAll, Source } from './source.ts';

const source = new Source('files');
let host: Host;
let ssh: OverSsh;

beforeAll(async () => {
  await source.live();
  ssh = await OverSsh.open(source, source.folder, () => host);
}, 120_000);
afterAll(async () => {
  await ssh?.close();
  await removeAll(source.folder);
});

/** What site-restore notes of each change that it refuses. */
const notes = ['changes.log', 'last-restore', 'task-restore'];

/** Where it notes, the folder's own time says nothing. */
const inventory = () => host.inventory((path) => !['state', ...notes.map((name) => `state/${name}`)].includes(path));

const base = (...names: readonly string[]) => host.at('backups', 'base', 'first', ...names);
const at = (row: number) => source.after[row] ?? '';

interface Bad {
  readonly spoil?: () => void;
  readonly set?: string;
  readonly point?: string;
  /** The point is the moment after this row; by default 2. */
  readonly row?: number;
  /** What is wrong, and what there is instead. */
  readonly says: RegExp;
  readonly instead: RegExp;
  /** Of what cannot even be looked at. */
  readonly type?: string;
}

const bad: Readonly<Record<string, Bad>> = {
  'a set that is missing': { set: 'second', says: /there is no set second that west can use/, instead: /there are first/ },
  'a store without a backup': {
    spoil: () => rmSync(base(), { recursive: true }),
    says: /there is no set first/,
    instead: /there are none, so bring backups within its reach/,
  },
  'a store that is not there': {
    spoil: () => rmSync(host.at('backups', 'base'), { recursive: true }),
    says: /cannot be read/,
    instead: /mount them, or give it the right to read/,
    type: 'permanent',
  },
  'a set that was cut off': { spoil: () => rmSync(base('backup_manifest')), says: /it has no backup_manifest/, instead: /choose another one of points/ },
  'a set that lost its label': { spoil: () => rmSync(base('backup_label')), says: /it has no backup_label/, instead: /choose another one of points/ },
  'a set whose own log is missing': { spoil: () => rmSync(host.segment(0)), says: /its own log is not whole/, instead: /choose another one of points/ },
  'a log with a corrupt segment': {
    spoil: () => truncateSync(host.segment(2), 1000),
    row: 4,
    says: /has a gap: [0-9A-F]{24} is missing at west/,
    instead: /the nearest that there is of this set is \d{4}-/,
  },
  'a set of another version': {
    spoil: () => writeFileSync(base('PG_VERSION'), '14\n'),
    says: /is of PostgreSQL 14, and west has 15/,
    instead: /install PostgreSQL 14 there/,
  },
  'a set of another cluster': {
    spoil: () => host.configure({ PG_SYSTEM_IDENTIFIER: '7000000000000000001' }),
    says: /is of another cluster/,
    instead: /choose another set, or correct PG_SYSTEM_IDENTIFIER/,
  },
  'a point before the set': { point: '2020-01-01T00:00:00Z', says: /ends after 2020-/, instead: /the nearest that there is of this set is \d{4}-/ },
  'a point after the log': { point: '2099-01-01T00:00:00Z', says: /ends before 2099-/, instead: /the nearest that there is of this set is \d{4}-/ },
};

async function isRefused({ set = source.set, row = 2, point = at(row), says, instead, type = 'refused' }: Bad): Promise<void> {
  const before = inventory();
  const message = await ssh.drivers().restoreDatabase({ run, site, set, point, id: 'r.1' }).then(String, (error: ApplicationFailure) => {
    expect(error.type, error.message).toBe(type);
    return error.message;
  }); // prettier-ignore
  for (const part of [says, instead, /nothing was changed/]) expect(message).toMatch(part);
  expect(inventory()).toEqual(before);
}

/** Runs on a host of its own, which has seen the epoch of the run. */
async function onHost(act: () => Promise<void>): Promise<void> {
  host = new Host(source);
  try {
    mkdirSync(host.at('pg'));
    writeFileSync(host.at('pg', 'mine'), 'what was there before');
    owned(host.at('pg'));
    host.change('database-discard', run.epoch, run.execution);
    await act();
  } finally {
    await host.end();
  }
}

test.each(Object.keys(bad))('%s is refused before anything is changed, and what there is instead is named', async (name) =>
  onHost(async () => {
    const input = bad[name];
    if (!input) throw new Error(name);
    input.spoil?.();
    await isRefused(input);
  }),
);

test.runIf(process.getuid?.() === 0)('a disk that is full is refused before anything is changed, and how much it needs is named', async () =>
  onHost(async () => {
    const disk = host.at('disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m,mode=755', 'tmpfs', disk]);
    try {
      owned(disk);
      host.configure({ PG_DATA: join(disk, 'pg') });
      await isRefused({ says: /has \d+ bytes free, and \d+ are needed/, instead: /free that much there, or name another folder in restore.conf/ });
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      execFileSync('umount', ['--lazy', disk]);
    }
  }),
);
