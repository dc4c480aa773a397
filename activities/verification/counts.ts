/** Does a site hold as much as a survivor does? Rows and keys counted at both, at the same position. */
import type { Redis } from 'ioredis';
import type pg from 'pg';
import type { FunctionProbe, SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { readServer, serverOf, type ServerReading, stateSql } from '../database/postgresql.ts';
import { until } from '../waiting.ts';

/** Longest wait for the reference to reach the target's position. */
const catchUpMilliseconds = 5_000;
/** One statement; counting reads whole tables. */
const countTimeoutMilliseconds = 20_000;

export interface Comparison {
  /** What is missing or too much: these fail the function. */
  readonly differences: readonly string[];
  /** What could not be compared: said, and nothing more. */
  readonly remarks: readonly string[];
}

interface Counted {
  readonly what: string;
  /** At the target, before and after the reference was counted: writes may go on meanwhile. */
  readonly before: number;
  readonly after: number;
  readonly reference: number;
}

/** Which site is judged, and by which. */
export interface Compared {
  readonly site: SiteId;
  readonly reference: SiteId;
}

type Dependencies = Pick<ActivityDependencies, 'sessions'>;

/** Compares what the probe names. A reference that cannot be read is a remark; a target that cannot be read rejects. */
export async function compareCounts(dependencies: Dependencies, run: RunContext, sites: Compared, probe: FunctionProbe): Promise<Comparison> {
  const compared = await Promise.all([
    probe.tables.length === 0 ? nothing : compareTables(dependencies, run, sites, probe.tables),
    probe.cacheKeys.length === 0 ? nothing : compareKeys(dependencies, run, sites, probe.cacheKeys),
  ]);
  return { differences: compared.flatMap((part) => part.differences), remarks: compared.flatMap((part) => part.remarks) };
}

const nothing: Comparison = { differences: [], remarks: [] };

async function compareTables({ sessions }: Dependencies, run: RunContext, { site, reference }: Compared, tables: readonly string[]): Promise<Comparison> {
  return sessions.database(run, site, async (target) => {
    const before = await countRows(target, tables);
    const atReference = await sessions
      .database(run, reference, async (client) => {
        const wanted = before.positionAfter;
        const first = await countRows(client, tables);
        if (hasReached(first.positionBefore, wanted)) return { reached: true, counts: first.counts };
        const reached = await until(async () => (hasReached(await readServer(client), wanted) ? true : undefined), {
          everyMilliseconds: 100,
          withinMilliseconds: catchUpMilliseconds,
        });
        return { reached: reached === true, counts: (await countRows(client, tables)).counts };
      })
      .catch((error: unknown) => (error as Error).message);
    if (typeof atReference === 'string') return cannotCompare(reference, atReference);
    const after = await countRows(target, tables);
    const counted = tables.map((table, index) => line(`rows of ${table}`, before.counts[index], after.counts[index], atReference.counts[index]));
    return judgeCounts(counted, reference, atReference.reached);
  });
}

/** Rows of some tables, and how far the server was before and after they were counted. */
interface Rows {
  readonly positionBefore: ServerReading;
  readonly counts: readonly number[];
  readonly positionAfter: ServerReading;
}

/** Counts by reading every row: an index would still list rows that are gone from the table. All of it is one message, since the server may be far; the settings end with it. */
async function countRows(client: pg.Client, tables: readonly string[]): Promise<Rows> {
  const settings = [`statement_timeout = ${countTimeoutMilliseconds}`, 'enable_indexscan = off', 'enable_indexonlyscan = off', 'enable_bitmapscan = off'];
  const text = [
    ...settings.map((setting) => `set local ${setting}`),
    stateSql,
    ...tables.map((table) => `select count(*) from ${client.escapeIdentifier(table)}`),
    stateSql,
  ].join(';\n');
  // Of several statements the driver gives several results, which its types do not tell.
  const query: pg.QueryConfig & { readonly query_timeout: number } = { text, query_timeout: (tables.length + 1) * countTimeoutMilliseconds };
  const results = ((await client.query(query)) as unknown as readonly pg.QueryResult[]).slice(settings.length);
  return {
    positionBefore: serverOf(results[0]),
    counts: results.slice(1, -1).map(({ rows }) => Number((rows[0] as { count: string } | undefined)?.count)),
    positionAfter: serverOf(results.at(-1)),
  };
}

/** Positions compare within one timeline of one cluster only: a server that went another way may stand further on, and say nothing. */
function hasReached(reference: ServerReading, position: ServerReading): boolean {
  const sameWay = reference.systemIdentifier === position.systemIdentifier && reference.timeline === position.timeline;
  return sameWay && reference.replayedBytes >= position.replayedBytes;
}

async function compareKeys({ sessions }: Dependencies, run: RunContext, { site, reference }: Compared, patterns: readonly string[]): Promise<Comparison> {
  const at = <T>(where: SiteId, work: (redis: Redis) => Promise<T>): Promise<T> => sessions.cache(run, where, work, countTimeoutMilliseconds);
  return at(site, async (target) => {
    const [before, position] = [await countKeys(target, patterns), await streamOf(target)];
    const atReference = await at(reference, async (redis) => {
      const reached = await until(async () => (isAsFar(await streamOf(redis), position) ? true : undefined), {
        everyMilliseconds: 100,
        withinMilliseconds: catchUpMilliseconds,
      });
      return { reached: reached === true, counts: await countKeys(redis, patterns) };
    }).catch((error: unknown) => (error as Error).message);
    if (typeof atReference === 'string') return cannotCompare(reference, atReference);
    const after = await countKeys(target, patterns);
    const counted = patterns.map((pattern, index) => line(`keys ${pattern}`, before[index], after[index], atReference.counts[index]));
    return judgeCounts(counted, reference, atReference.reached);
  });
}

/** The patterns one beside the other: each answer may come from far. */
async function countKeys(redis: Redis, patterns: readonly string[]): Promise<number[]> {
  return Promise.all(
    patterns.map(async (pattern) => {
      const keys = new Set<string>(); // a scan may give a key twice
      let cursor = '0';
      do {
        const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 5_000);
        for (const key of found) keys.add(key);
        cursor = next;
      } while (cursor !== '0');
      return keys.size;
    }),
  );
}

interface StreamPosition {
  /** The stream of changes; each primary begins one of its own, which its replicas take over. */
  readonly stream: string;
  /** Bytes of it that the server has. */
  readonly offset: number;
}

async function streamOf(redis: Redis): Promise<StreamPosition> {
  const info = await redis.info('replication');
  const field = (name: string): string => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? '';
  return { stream: field('master_replid'), offset: Number(field(field('role') === 'master' ? 'master_repl_offset' : 'slave_repl_offset')) };
}

function isAsFar(reference: StreamPosition, position: StreamPosition): boolean {
  return reference.stream === position.stream && reference.offset >= position.offset;
}

function line(what: string, before: number | undefined, after: number | undefined, reference: number | undefined): Counted {
  return { what, before: before ?? 0, after: after ?? 0, reference: reference ?? 0 };
}

function cannotCompare(reference: SiteId, why: string): Comparison {
  return { differences: [], remarks: [`${reference} could not be read for comparison: ${why}.`] };
}

/**
 * The reference must lie between the two counts of the target. One that has more than the target ever had proves a loss, also while it is behind;
 * one that is behind and has less proves nothing.
 */
export function judgeCounts(counted: readonly Counted[], reference: SiteId, reached: boolean): Comparison {
  const differences = counted.flatMap((entry) => {
    const most = Math.max(entry.before, entry.after);
    const least = Math.min(entry.before, entry.after);
    if (entry.reference > most) return [`${entry.reference - most} ${entry.what} are missing: ${most} here, ${entry.reference} at ${reference}.`];
    if (entry.reference < least && reached)
      return [`${least - entry.reference} ${entry.what} are too many: ${least} here, ${entry.reference} at ${reference}.`];
    return [];
  });
  return { differences, remarks: reached ? [] : [`${reference} has not reached the same position; only what it has more was compared.`] };
}
