/** What is in a restored database, read as the plan's observer: its cluster, the newest that was written, and each row of the plan's tables, which fetches their blocks from where AWS keeps snapshots. */
import type { Client } from 'pg';
import { utcMoment } from '../../../plan/rules/restore-points.ts';
import type { Endpoint, Plan, SiteId } from '../../../plan/schema.ts';
import type { ActivityDependencies } from '../../dependencies.ts';
import { storeErrorType, unseen } from '../../error-kinds.ts';
import { failure } from '../../errors.ts';
import { serverOf, stateSql } from '../../database/postgresql.ts';
import { databaseLogin, withDatabase } from '../../probing/stores.ts';
import { until } from '../../waiting.ts';

/** Signing in once, and how long that is tried: a security group and a name take their time. */
const [signInMilliseconds, untilSeenMilliseconds] = [5_000, 180_000];
/** Reading every table of the plan once. */
const readMilliseconds = 6 * 3_600_000;
const leftAs = 'It was left as it is, and nobody is let in.';

interface Proving {
  readonly site: SiteId;
  readonly endpoint: Endpoint;
  readonly systemIdentifier: string;
  /** Nothing in it is newer. */
  readonly point: string;
  readonly version: string;
}

export async function proveDatabase(
  plan: Plan,
  dependencies: Pick<ActivityDependencies, 'secret'>,
  proving: Proving,
): Promise<Readonly<Record<string, string>>> {
  const { site, endpoint, point } = proving;
  const login = await databaseLogin(plan, dependencies.secret);
  const { estate } = plan;
  // The plan has no database there: what was restored is none of its copies.
  const there = { ...plan, estate: { ...estate, sites: { ...estate.sites, [site]: { ...estate.sites[site], database: endpoint } } } } as Plan;
  await mustAnswer(proving, () => withDatabase(there, site, login, signInMilliseconds, (client) => client.query('select 1')));
  const read = await withDatabase(there, site, login, readMilliseconds, (client) => readContents(client, plan)).catch((error: unknown) => {
    throw failure(storeErrorType(error), { happened: `The restored database at ${site} could not be read: ${unseen(error).reason}.`, leftAs }, { site }, error);
  });
  const { server, tables, heartbeat } = read;
  if (server.inRecovery) throw failure('transient', { happened: `The restored database at ${site} is in recovery still.`, leftAs });
  if (server.systemIdentifier !== proving.systemIdentifier)
    throw failure('permanent', {
      happened: `What answers at ${endpoint.host}:${endpoint.port} is of the cluster ${server.systemIdentifier}, and the plan restores ${proving.systemIdentifier}.`,
      leftAs,
      next: 'See what was restored and where that address leads. Correct the system identifier in the plan where the snapshots are right, and start again.',
    });
  const newest = [...tables.map(({ last }) => last), heartbeat].filter((at) => at !== undefined).toSorted();
  const beyond = newest.findLast((at) => at > utcMoment(point));
  if (beyond !== undefined)
    throw failure('permanent', {
      happened: `The restored database at ${site} holds what was written at ${beyond}, after ${point}, which was chosen.`,
      leftAs,
      next: 'Choose undo, which discards it, and start again with another moment.',
    });
  const last = tables
    .map((table) => table.last)
    .filter((at) => at !== undefined)
    .toSorted()
    .at(-1);
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return {
    ...(last === undefined
      ? {}
      : { last_commit_applied: last, seconds_before_point: String(Math.max(0, Math.round((Date.parse(point) - Date.parse(last)) / 1000))) }),
    ...(heartbeat === undefined ? {} : { newest_heartbeat: heartbeat }),
    timeline_after: String(server.timeline),
    rows_read: `${rows} in ${tables.length} tables`,
    engine: `PostgreSQL ${proving.version}`,
  };
}

async function mustAnswer({ site, endpoint }: Proving, ask: () => Promise<unknown>): Promise<void> {
  let reason = 'no answer';
  const answered = await until(
    () =>
      ask().then(
        () => true,
        (error: unknown) => {
          const seen = unseen(error);
          reason = seen.reason;
          if (seen.type === 'permanent')
            throw failure('permanent', { happened: `The restored database at ${site} lets its observer not in: ${reason}.`, leftAs });
          return undefined;
        },
      ),
    { everyMilliseconds: 1_000, withinMilliseconds: untilSeenMilliseconds },
  );
  if (answered) return;
  throw failure('transient', {
    happened: `The restored database at ${site} does not answer at ${endpoint.host}:${endpoint.port}: ${reason}.`,
    leftAs,
    next: 'See that closedSecurityGroups of the plan let in the workers and that the name leads there, then choose retry.',
  });
}

interface Contents {
  readonly server: ReturnType<typeof serverOf>;
  readonly tables: readonly { readonly rows: number; readonly last?: string }[];
  readonly heartbeat?: string;
}

async function readContents(client: Client, { estate }: Plan): Promise<Contents> {
  const server = serverOf(await client.query(stateSql));
  const { rows: settings } = await client.query<{ tracked: boolean }>(`select current_setting('track_commit_timestamp') = 'on' as tracked`);
  const newest = settings[0]?.tracked ? momentSql('max(pg_xact_commit_timestamp(xmin))') : 'null';
  const tables = [];
  for (const table of new Set(estate.functionProbes.flatMap((probe) => probe.tables))) {
    const { rows } = await client.query<{ rows: string; last: string | null }>(
      `select count(*) as rows, ${newest} as last from ${client.escapeIdentifier(table)}`,
    );
    tables.push({ rows: Number(rows[0]?.rows ?? 0), ...(rows[0]?.last ? { last: rows[0].last } : {}) });
  }
  const heartbeat = estate.database.driver === 'postgresql' ? await readHeartbeat(client, estate.database.heartbeatTable) : undefined;
  return { server, tables, ...(heartbeat === undefined ? {} : { heartbeat }) };
}

/** A logical copy may have left it out. */
async function readHeartbeat(client: Client, table: string): Promise<string | undefined> {
  const { rows: there } = await client.query<{ known: boolean }>('select to_regclass($1) is not null as known', [client.escapeIdentifier(table)]);
  if (!there[0]?.known) return undefined;
  const { rows } = await client.query<{ at: string | null }>(`select ${momentSql('max(written_at)')} as at from ${client.escapeIdentifier(table)}`);
  return rows[0]?.at ?? undefined;
}

function momentSql(expression: string): string {
  return `to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
