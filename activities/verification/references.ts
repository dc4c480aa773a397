/** Does what the cache says of the database still hold? Keys whose row is not there, counted at one site. */
import type { Redis } from 'ioredis';
import type pg from 'pg';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { Reference } from '../../plan/schema/restore.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { ReferenceCount } from './port.ts';

/** One statement, or one scan: both read everything. */
const countTimeoutMilliseconds = 60_000;
/** Customers choose what stands in a key: only such a name is shown to those who decide. */
const plainName = /^[A-Za-z0-9_.@-]{1,60}$/;
/** Names in one statement. */
const namesAtOnce = 10_000;

/** Each reference of the plan; one that cannot be counted is a value. */
export async function countReferences(
  dependencies: Pick<ActivityDependencies, 'sessions'>,
  plan: Plan,
  run: RunContext,
  site: SiteId,
): Promise<readonly ReferenceCount[]> {
  const counts: ReferenceCount[] = [];
  for (const reference of plan.estate.restore?.references ?? []) counts.push(await countOne(dependencies, run, site, reference));
  return counts;
}

async function countOne({ sessions }: Pick<ActivityDependencies, 'sessions'>, run: RunContext, site: SiteId, reference: Reference): Promise<ReferenceCount> {
  const { cacheKeys, table } = reference;
  try {
    const named = await sessions.cache(run, site, (redis) => namesIn(redis, reference), countTimeoutMilliseconds);
    const missing = await sessions.database(run, site, (client) => withoutRow(client, reference, [...named.keys()]));
    const example = missing.find((name) => plainName.test(name));
    const sum = (names: Iterable<string>) => [...names].reduce((total, name) => total + (named.get(name) ?? 0), 0);
    return { cacheKeys, table, counted: true, keys: sum(named.keys()), dangling: sum(missing), ...(example === undefined ? {} : { example }) };
  } catch (error) {
    return { cacheKeys, table, counted: false, reason: (error as Error).message };
  }
}

/** How many keys name each row. */
async function namesIn(redis: Redis, { cacheKeys, part }: Reference): Promise<ReadonlyMap<string, number>> {
  const keys = new Set<string>(); // a scan may give a key twice
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', cacheKeys, 'COUNT', 5_000);
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== '0');
  const named = new Map<string, number>();
  for (const key of keys) {
    const name = key.split(':')[part - 1] ?? '';
    named.set(name, (named.get(name) ?? 0) + 1);
  }
  return named;
}

/** Names in the order of the text. The settings end with the statement. */
async function withoutRow(client: pg.Client, { table, column }: Reference, names: readonly string[]): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let from = 0; from < names.length; from += namesAtOnce) {
    const asked = client.escapeLiteral(JSON.stringify(names.slice(from, from + namesAtOnce)));
    const text = [
      `set local statement_timeout = ${countTimeoutMilliseconds}`,
      `select name from json_array_elements_text(${asked}::json) as name
        where not exists (select from ${client.escapeIdentifier(table)} as row where row.${client.escapeIdentifier(column)}::text = name) order by name`,
    ].join(';\n');
    // Of several statements the driver gives several results, which its types do not tell.
    const query: pg.QueryConfig & { readonly query_timeout: number } = { text, query_timeout: countTimeoutMilliseconds + 1_000 };
    const [, found] = (await client.query(query)) as unknown as readonly pg.QueryResult<{ readonly name: string }>[];
    missing.push(...(found?.rows ?? []).map(({ name }) => name));
  }
  return missing;
}
