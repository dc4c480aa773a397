/** The stand-in's entries in the site's own PostgreSQL. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { StandInConfig } from './config.ts';
import { within, StoreRefusal, type EntryStore, type FrozenAt, type StoredEntry } from './outcome.ts';

const connectTimeoutMs = 600;
const writeTimeoutMs = 800;
const readTimeoutMs = 700;
/** Also the bound on writes that wait for a standby that does not answer: each keeps its connection until the server ends the wait. */
const writeConnectionsMax = 12;
const readConnectionsMax = 6;

const readOnlyTransaction = '25006';

export interface Database {
  store(table: string): EntryStore;
  close(): Promise<void>;
}

/** `alone`: whether its writes are to wait for no standby, asked at each of them. */
export function openDatabase(config: StandInConfig['database'], alone: () => boolean): Database {
  const common: pg.PoolConfig = {
    host: config.host,
    port: config.port,
    user: config.user,
    password: () => readFileSync(config.passwordFile, 'utf8').trim(),
    database: config.database,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'erlmcp',
  };
  // A write has no query time-out on purpose: closing a connection does not end the server's wait for its standby, so each abandoned one would occupy a server process for ever.
  const writers = guarded(new pg.Pool({ ...common, max: writeConnectionsMax }));
  const readers = guarded(new pg.Pool({ ...common, max: readConnectionsMax, query_timeout: readTimeoutMs, statement_timeout: readTimeoutMs }));
  return {
    store: (table) => tableStore(table, { pool: writers, alone }, readers),
    close: async () => void (await Promise.allSettled([writers.end(), readers.end()])),
  };
}

/** A lost connection is an event, not the end of the process. */
function guarded(pool: pg.Pool): pg.Pool {
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

interface Writers {
  readonly pool: pg.Pool;
  alone(): boolean;
}

function tableStore(table: string, writers: Writers, readers: pg.Pool): EntryStore {
  const name = pg.escapeIdentifier(table);
  // A repeated write updates its row instead of leaving it, so that its commit waits for replication even when the first attempt was committed on this server only.
  const insert = `INSERT INTO ${name} (customer, sequence, token) VALUES ($1, $2, $3) ON CONFLICT (customer, sequence) DO UPDATE SET token = excluded.token`;
  const one = async (text: string, values: unknown[]): Promise<StoredEntry | null> => {
    const { rows } = await readers.query<{ token: string; written_at: Date }>(text, values).catch(refuse);
    const row = rows[0];
    return row ? { token: row.token, writtenAt: row.written_at.toISOString() } : null;
  };
  return {
    write: (customer, sequence, token) =>
      within(
        writeTimeoutMs,
        commit(writers, insert, [customer, sequence, token]),
        () => new StoreRefusal('not-replicated', `PostgreSQL did not confirm the write within ${writeTimeoutMs} ms.`),
      ),
    read: (customer, sequence, frozenAt: FrozenAt) =>
      one(`SELECT token, written_at FROM ${name} WHERE customer = $1 AND sequence = $2 AND written_at <= coalesce($3, 'infinity'::timestamptz)`, [
        customer,
        sequence,
        frozenAt,
      ]),
    newestOf: (customer, frozenAt) =>
      one(`SELECT token, written_at FROM ${name} WHERE customer = $1 AND written_at <= coalesce($2, 'infinity'::timestamptz) ORDER BY sequence DESC LIMIT 1`, [
        customer,
        frozenAt,
      ]),
    newest: (frozenAt) =>
      one(`SELECT token, written_at FROM ${name} WHERE written_at <= coalesce($1, 'infinity'::timestamptz) ORDER BY written_at DESC LIMIT 1`, [frozenAt]),
  };
}

/** One statement, one transaction. A commit whose wait for the standby was cancelled is on this server only, and so does not count. */
async function commit({ pool, alone }: Writers, text: string, values: unknown[]): Promise<void> {
  const client = await pool.connect().catch(refuse);
  let waitWasCancelled = false;
  const onNotice = (notice: { message?: string | undefined }) => {
    if (/canceling (the )?wait for synchronous replication/.test(notice.message ?? '')) waitWasCancelled = true;
  };
  client.on('notice', onNotice);
  let lost: Error | undefined;
  try {
    await waitOrNot(client, alone());
    await client.query(text, values);
  } catch (error) {
    // An answer of the server leaves the connection usable; anything else does not.
    if (!(error instanceof pg.DatabaseError)) lost = error as Error;
    refuse(error);
  } finally {
    client.removeListener('notice', onNotice);
    client.release(lost);
  }
  if (waitWasCancelled) throw new StoreRefusal('not-replicated', 'PostgreSQL committed the write on this server only.');
}

const waitingForNobody = new WeakSet<pg.PoolClient>();

async function waitOrNot(client: pg.PoolClient, alone: boolean): Promise<void> {
  if (alone === waitingForNobody.has(client)) return;
  await client.query(alone ? 'SET synchronous_commit = local' : 'RESET synchronous_commit');
  if (alone) waitingForNobody.add(client);
  else waitingForNobody.delete(client);
}

function refuse(error: unknown): never {
  const { code, message } = error as { code?: string; message: string };
  if (code === readOnlyTransaction) throw new StoreRefusal('read-only', 'PostgreSQL at this site only reads.');
  throw new StoreRefusal('unavailable', `PostgreSQL: ${message}`);
}
