/** What a restore by `site-restore` takes beside the same by hand: of some gigabytes of PostgreSQL, by both tools, and of half a gigabyte of Redis. */
import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from 'markdown-table';
import type { PartOptions } from '../part.ts';
import { endsBy } from '../started.ts';
import { median, spread } from '../statistics.ts';
import { BackedUpCache } from './cache.ts';
import { BackedUpDatabase, tools } from './database.ts';
import { ofOrchestration } from './orchestration.ts';
import type { TimedRestore } from './host.ts';

/** A restore by hand and by us, of one round. */
interface Round {
  readonly bare: number;
  readonly ours: TimedRestore;
}

interface Measured {
  readonly what: string;
  /** Beginning of the line of progress with which everything is restored, and only the proof is left. */
  readonly restored: string;
  readonly rounds: readonly Round[];
}

export async function benchRestore(options: PartOptions): Promise<string> {
  const folder = mkdtempSync('/var/tmp/dr-bench-restore-');
  chmodSync(folder, 0o755);
  const [database, cache] = [new BackedUpDatabase(join(folder, 'database')), new BackedUpCache(join(folder, 'cache'))];
  const end = endsBy(async () => {
    await database.end();
    cache.end();
    rmSync(folder, { recursive: true, force: true });
  });
  try {
    return [await ofDatabase(database, options), await ofCache(cache, options), await ofOrchestration(options)].join('\n\n');
  } finally {
    await end();
  }
}

async function ofDatabase(database: BackedUpDatabase, { rounds, progress }: PartOptions): Promise<string> {
  progress('filling a database and backing it up by both tools');
  const bytes = await database.make();
  const measured: Measured[] = [];
  for (const tool of tools) {
    const host = database.host(tool);
    const set = database.set(tool);
    const restore = () => host.restore('database', [set, database.point]);
    const bare = () => database.bare(tool, set);
    measured.push({
      what: `PostgreSQL, ${tool}`,
      restored: 'checking every page',
      rounds: await roundsOf(rounds, bare, restore, (text) => progress(`${tool}, ${text}`)),
    });
    host.end();
  }
  return [`## Restoring ${gigabytes(bytes)} of PostgreSQL`, tableOf(measured), partsOf(measured)].join('\n\n');
}

async function ofCache(cache: BackedUpCache, { rounds, progress }: PartOptions): Promise<string> {
  progress('filling a cache and saving it');
  const bytes = await cache.make();
  const measured: Measured[] = [];
  for (const keepsLog of ['no', 'yes'] as const) {
    const host = cache.host(keepsLog);
    host.verb('cache-points');
    const restore = () => host.restore('cache', [cache.set]);
    const what = keepsLog === 'yes' ? 'Redis with an append-only file' : 'Redis';
    const restored = keepsLog === 'yes' ? 'starting it again' : 'reading what is in it';
    measured.push({
      what,
      restored,
      rounds: await roundsOf(
        rounds,
        () => cache.bare(keepsLog),
        restore,
        (text) => progress(`${what}, ${text}`),
      ),
    });
    host.end();
  }
  return [`## Restoring ${gigabytes(bytes)} of Redis`, tableOf(measured), partsOf(measured)].join('\n\n');
}

/** By turns, so that both have the same machine. */
async function roundsOf(count: number, bare: () => Promise<number>, restore: () => Promise<TimedRestore>, progress: (line: string) => void): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let round = 1; round <= count; round++) {
    const [hand, ours] = [await bare(), await restore()];
    rounds.push({ bare: hand, ours });
    progress(`round ${round} of ${count}: by hand ${hand.toFixed(2)} s, ours ${ours.proven.toFixed(2)} s until proven`);
  }
  return rounds;
}

function tableOf(measured: readonly Measured[]): string {
  const rows = measured.map(({ what, restored, rounds }) => {
    const by = rounds.map(({ ours }) => markOf(ours, restored));
    return [
      what,
      spread(rounds.map(({ bare }) => bare), 2),
      spread(by, 2),
      percent(median(rounds.map(({ bare }, index) => bare / (by[index] ?? NaN)))),
      spread(rounds.map(({ ours }) => ours.proven), 2),
      percent(median(rounds.map(({ bare, ours }) => bare / ours.proven))),
    ]; // prettier-ignore
  });
  return markdownTable([['', 'by hand, s', 'ours until restored, s', 'speed', 'ours until proven, s', 'speed with the proof'], ...rows]);
}

/** Where the time of ours goes: each line of progress, and how long after it the next came. */
function partsOf(measured: readonly Measured[]): string {
  const rows = measured.flatMap(({ what, rounds }) => {
    const parts = rounds.map(({ ours }) => partsOfOne(ours));
    const names = [...new Set(parts.flatMap((of) => [...of.keys()]))];
    return names.map((name) => [what, name, spread(parts.flatMap((of) => of.get(name) ?? []), 2)]); // prettier-ignore
  });
  return markdownTable([['', 'part', 's'], ...rows]);
}

function partsOfOne({ looked, marks, proven }: TimedRestore): ReadonlyMap<string, number> {
  const parts = new Map([['the look before it', looked]]);
  marks.forEach(({ text, at }, index) => {
    // The segment that is replayed, and the share that is loaded, are one part.
    const name = text.replace(/^replaying.*/, 'replaying the log').replace(/, \d.*$/, '');
    const until = marks[index + 1]?.at ?? proven;
    parts.set(name, (parts.get(name) ?? 0) + until - at);
  });
  return parts;
}

function markOf({ marks }: TimedRestore, beginning: string): number {
  const mark = marks.find(({ text }) => text.startsWith(beginning));
  if (!mark) throw new Error(`No progress says "${beginning}": ${marks.map(({ text }) => text).join('; ')}.`);
  return mark.at;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
