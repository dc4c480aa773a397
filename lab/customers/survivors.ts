/** Which acknowledged writes the stores of the present writer hold. Looks past the network switch, and only reads. */
import { Redis } from 'ioredis';
import pg from 'pg';
import type { StoreAccess } from '../world-options.ts';
import { acknowledgedWrites, type MissingWrite, type MissingWrites } from './figures.ts';
import type { LedgerEntry } from './ledger.ts';

const connectTimeoutMs = 1_500;
const queryTimeoutMs = 10_000;
const existsBatch = 1_000;
const listedMax = 200;

/** Where each function's writes end up. */
const tables: Readonly<Record<string, string>> = {
  'customer-api': 'api_records',
  'payment-processing': 'payments',
  analytics: 'analytics_events',
  'admin-console': 'admin_settings',
};
const sessionFunction = 'session-management';

type Write = LedgerEntry & { sequence: number };

/** Compares the ledger with the database writer (highest timeline when several claim to be) and the Redis master at the same site. */
export async function missingWrites(entries: readonly LedgerEntry[], stores: readonly StoreAccess[]): Promise<MissingWrites> {
  const writes = acknowledgedWrites(entries);
  const writers = (await Promise.all(stores.map(databaseWriter))).filter((writer) => writer !== null);
  const writer = writers.toSorted((left, right) => right.timeline - left.timeline)[0];
  const masters = (await Promise.all(stores.map(cacheMaster))).filter((site) => site !== null);
  const cacheSite = masters.find((site) => site === writer?.site) ?? (masters.length === 1 ? masters[0] : undefined);
  const unknown: string[] = [];
  if (!writer) unknown.push('No database takes writes now, so rows were not looked for.');
  if (!cacheSite) unknown.push('No Redis master was found at the site of the database writer, so sessions were not looked for.');
  const accessOf = (site: string) => stores.find((store) => store.site === site) as StoreAccess;
  const rows = writer ? await missingRows(writes, accessOf(writer.site)) : [];
  const sessions = cacheSite ? await missingSessions(writes, accessOf(cacheSite)) : [];
  const missing = [...rows, ...sessions].toSorted((left, right) => left.endedAtMs - right.endedAtMs);
  return {
    database: writer?.site ?? null,
    cache: cacheSite ?? null,
    unknown,
    count: missing.length,
    rows: rows.length,
    writes: missing.slice(0, listedMax).map(toMissing),
  };
}

function toMissing(write: Write): MissingWrite {
  return {
    customer: write.customer,
    function: write.function,
    sequence: write.sequence,
    acknowledgedAt: new Date(write.endedAtMs).toISOString(),
    site: write.site ?? null,
  };
}

async function withDatabase<Result>(access: StoreAccess, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ ...access.database, connectionTimeoutMillis: connectTimeoutMs, query_timeout: queryTimeoutMs, application_name: 'lab-judge' });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The site and its timeline when its database is out of recovery; null when it only reads or cannot be asked. */
async function databaseWriter(access: StoreAccess): Promise<{ site: string; timeline: number } | null> {
  try {
    return await withDatabase(access, async (client) => {
      const { rows } = await client.query<{ file: string | null }>(
        'SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_walfile_name(pg_current_wal_lsn()) END AS file',
      );
      const file = rows[0]?.file;
      return file ? { site: access.site, timeline: Number.parseInt(file.slice(0, 8), 16) } : null;
    });
  } catch {
    return null;
  }
}

async function missingRows(writes: readonly Write[], access: StoreAccess): Promise<Write[]> {
  return withDatabase(access, async (client) => {
    const missing: Write[] = [];
    for (const [name, table] of Object.entries(tables)) {
      const own = writes.filter((write) => write.function === name);
      if (own.length === 0) continue;
      const first = own.reduce((lowest, { sequence }) => Math.min(lowest, sequence), Number.POSITIVE_INFINITY);
      const { rows } = await client.query<{ key: string }>(
        `SELECT customer || ':' || sequence AS key FROM ${pg.escapeIdentifier(table)} WHERE sequence >= $1`,
        [first],
      );
      const held = new Set(rows.map(({ key }) => key));
      missing.push(...own.filter((write) => !held.has(`${write.customer}:${write.sequence}`)));
    }
    return missing;
  });
}

async function withRedis<Result>(access: StoreAccess, work: (client: Redis) => Promise<Result>): Promise<Result> {
  const client = new Redis({
    ...access.redis,
    connectTimeout: connectTimeoutMs,
    commandTimeout: queryTimeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    lazyConnect: true,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}

async function cacheMaster(access: StoreAccess): Promise<string | null> {
  try {
    const replication = await withRedis(access, (client) => client.info('replication'));
    return /^role:master/m.test(replication) ? access.site : null;
  } catch {
    return null;
  }
}

async function missingSessions(writes: readonly Write[], access: StoreAccess): Promise<Write[]> {
  const own = writes.filter((write) => write.function === sessionFunction);
  return withRedis(access, async (client) => {
    const missing: Write[] = [];
    for (let start = 0; start < own.length; start += existsBatch) {
      const batch = own.slice(start, start + existsBatch);
      const pipeline = client.pipeline();
      for (const { customer, sequence } of batch) pipeline.exists(`session:${customer}:${sequence}`);
      const answers = (await pipeline.exec()) ?? [];
      answers.forEach(([error, exists], index) => {
        if (error) throw error;
        if (exists !== 1) missing.push(batch[index] as Write);
      });
    }
    return missing;
  });
}
