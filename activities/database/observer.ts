/** The plan's read-only login at a site's database. */
import type { Client } from 'pg';
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { type Unseen, unseen } from '../error-kinds.ts';
import { siteOf } from '../ssh/agent.ts';
import { readAhead } from './clocks.ts';
import type { Heartbeat } from './port.ts';
import { readHeartbeats, readServer, type ServerReading } from './postgresql.ts';

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
      const server = await readServer(client);
      const aheadSeconds = await readAhead(client, dependencies.now);
      const heartbeats = database.driver === 'postgresql' ? await heartbeatsOrNone(client, database.heartbeatTable) : [];
      return { reachable: true, server, heartbeats, aheadSeconds };
    });
  } catch (error) {
    return { reachable: false, ...unseen(error) };
  }
}

/** A database without the table, or whose table may not be read, is a database without heartbeat; it is reachable all the same. */
async function heartbeatsOrNone(client: Client, table: string): Promise<readonly Heartbeat[]> {
  try {
    return await readHeartbeats(client, table);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === '42P01' || error.code === '42501')) return [];
    throw error;
  }
}
