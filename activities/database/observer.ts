/** The plan's read-only login at a site's database. */
import type { Client, QueryResult } from 'pg';
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { type Unseen, unseen } from '../error-kinds.ts';
import { siteOf } from '../ssh/programs.ts';
import { aheadOf, clockSql } from './clocks.ts';
import type { Heartbeat } from './port.ts';
import { heartbeatsOf, serverOf, type ServerReading, stateSql } from './postgresql.ts';

export type Observation =
  | {
      readonly reachable: true;
      readonly server: ServerReading;
      /** As they were written: by the clocks of those that wrote them. */
      readonly heartbeats: readonly Heartbeat[];
      /** By how much the server's clock is ahead of the run's, at least, seconds. */
      readonly aheadSeconds: number;
    }
  | ({ readonly reachable: false } & Unseen);

/** State and heartbeats in one session. A server that gives no answer within the plan's probe time-out is a value. */
export async function observe(dependencies: Pick<ActivityDependencies, 'planOf' | 'sessions' | 'now'>, run: RunContext, site: SiteId): Promise<Observation> {
  const plan = await dependencies.planOf(run.planDigest);
  if (!siteOf(plan, site).database) return { reachable: false, reason: `the plan has no database at ${site}`, type: 'permanent' };
  const { database } = plan.estate;
  try {
    return await dependencies.sessions.database(run, site, async (client) => {
      if (database.driver !== 'postgresql') return look(client, dependencies.now, null);
      try {
        return await look(client, dependencies.now, database.heartbeatTable);
      } catch (error) {
        // A database without the table, or whose table may not be read, is a database without heartbeat; it is reachable all the same.
        if (error instanceof Error && 'code' in error && (error.code === '42P01' || error.code === '42501')) return look(client, dependencies.now, null);
        throw error;
      }
    });
  } catch (error) {
    return { reachable: false, ...unseen(error) };
  }
}

/** One message, since the server may be far. */
async function look(client: Client, now: () => Date, heartbeatTable: string | null): Promise<Observation> {
  const text = [clockSql, stateSql, ...(heartbeatTable === null ? [] : [`select * from ${client.escapeIdentifier(heartbeatTable)}`])].join(';\n');
  const askedAt = now().getTime();
  // Of several statements the driver gives several results, which its types do not tell.
  const [clock, state, heartbeats] = (await client.query(text)) as unknown as readonly QueryResult[];
  return { reachable: true, server: serverOf(state), heartbeats: heartbeatsOf(heartbeats), aheadSeconds: aheadOf(clock, askedAt, now().getTime()) };
}
