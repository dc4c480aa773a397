/** Rows that are gone from a standby's files: replication goes on and nothing complains, only a count tells. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { databaseName } from '../settings.ts';
import { runningStandby, type Fault, type FaultTarget } from './fault.ts';
import { clearVisibility, isFull, loseRows, pageBytes } from './pages.ts';

const lossOptions = z.object({
  table: z
    .string()
    .regex(/^[a-z_]+$/)
    .default('payments'),
  rows: z.int().min(1).max(500).default(10),
});

interface Files {
  readonly heap: string;
  readonly visibility: string;
}
const kept = (file: string) => `${file}.kept`;

export const loseRowsFault: Fault = {
  name: 'lose-rows',
  about: 'rows are gone from the files of the standby while replication goes on',
  available: runningStandby,
  async inject(target, options) {
    const { table, rows } = lossOptions.parse(options ?? {});
    const { postgres } = target.estate.site(target.site);
    const files = await filesOf(target, table);
    await postgres.stopInOrder();
    try {
      return { table, lost: damage(files, rows) };
    } finally {
      await postgres.start();
    }
  },
  async heal(target) {
    const { postgres } = target.estate.site(target.site);
    const damaged = await tables(target);
    if (damaged.length === 0) return;
    await postgres.stopInOrder();
    try {
      for (const { heap } of damaged) restore(heap);
    } finally {
      await postgres.start();
    }
  },
};

async function filesOf(target: FaultTarget, table: string): Promise<Files> {
  const { postgres } = target.estate.site(target.site);
  const [row] = await postgres.query<{ path: string | null }>(`select pg_relation_filepath(to_regclass('${table}')) as path`, databaseName);
  if (!row?.path) throw new Error(`There is no table "${table}"; nothing was changed.`);
  const heap = join(postgres.pgdata, row.path);
  return { heap, visibility: `${heap}_vm` };
}

/** Tables of the site whose files were kept by an injection. */
async function tables(target: FaultTarget): Promise<Files[]> {
  const { postgres } = target.estate.site(target.site);
  const rows = await postgres.query<{ path: string }>(
    "select pg_relation_filepath(oid) as path from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    databaseName,
  );
  return rows
    .map(({ path }) => ({ heap: join(postgres.pgdata, path), visibility: join(postgres.pgdata, `${path}_vm`) }))
    .filter(({ heap }) => existsSync(kept(heap)));
}

/** Keeps the pages as they were; an earlier injection's are the older truth. */
function keep(file: string, pages: ReadonlyMap<number, Buffer>): void {
  const before: Record<string, string> = existsSync(kept(file)) ? JSON.parse(readFileSync(kept(file), 'utf8')) : {};
  for (const [block, page] of pages) before[block] ??= page.toString('base64');
  writeFileSync(kept(file), JSON.stringify(before));
}

/** Puts the damaged pages back; rows that arrived since lie in others. */
function restore(file: string): void {
  const content = readFileSync(file);
  for (const [block, page] of Object.entries(JSON.parse(readFileSync(kept(file), 'utf8')) as Record<string, string>)) {
    Buffer.from(page, 'base64').copy(content, Number(block) * pageBytes);
  }
  writeFileSync(file, content);
  rmSync(kept(file));
}

function damage(files: Files, rows: number): number {
  const heap = readFileSync(files.heap);
  const visibility = existsSync(files.visibility) ? readFileSync(files.visibility) : Buffer.alloc(0);
  const before = new Map<number, Buffer>();
  let lost = 0;
  for (let block = 0; block * pageBytes < heap.length && lost < rows; block++) {
    const page = heap.subarray(block * pageBytes, (block + 1) * pageBytes);
    if (!isFull(page)) continue;
    before.set(block, Buffer.from(page));
    lost += loseRows(page, rows - lost);
    clearVisibility(visibility, block);
  }
  if (lost < rows) throw new Error(`Only ${lost} rows lie in full pages, so nothing was changed.`);
  keep(files.heap, before);
  writeFileSync(files.heap, heap);
  if (visibility.length > 0) writeFileSync(files.visibility, visibility);
  return lost;
}
