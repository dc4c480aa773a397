/** What times mean that a database tells: its own are by its own clock, those of a heartbeat and of a commit by the clock of the primary that wrote them, which may be one that nobody can ask any more. */
import type { Client, QueryResult } from 'pg';
import { seconds } from '../../plan/durations.ts';
import { aheadBy } from '../../plan/rules/clocks.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { AgentFields } from '../dependencies.ts';
import type { Heartbeat } from './port.ts';

/** By how much the server's clock is ahead of the run's, at least, seconds; 0 where it may be right. */
export async function readAhead(client: Client, now: () => Date): Promise<number> {
  const askedAt = now().getTime();
  return aheadOf(await client.query(clockSql), askedAt, now().getTime());
}

/** One row with the server's clock, for `aheadOf`. */
export const clockSql = 'select clock_timestamp() as told';

/** What the result of `clockSql` says, which was asked for and came at these moments by the run's clock, milliseconds. */
export function aheadOf(result: QueryResult | undefined, askedAt: number, answeredAt: number): number {
  const row = result?.rows[0] as { readonly told: Date } | undefined;
  return aheadBy(row?.told.getTime() ?? askedAt, askedAt, answeredAt);
}

/** What is known of clocks where a database was looked at. */
export interface KnownClocks {
  readonly site: SiteId;
  /** Of the database looked at. */
  readonly aheadSeconds: number;
  /** The answer of its agent to `database-status`, which has noted the clocks of those that it followed; absent where it gave none. */
  readonly status?: AgentFields;
}

/**
 * By how many seconds the clock of each database that sent something here was ahead of the run's when it last did. A standby sees when each message of its primary was sent and when it came, so
 * that what was on its way for long counts as behind; what is less than the plan lets clocks differ is no difference.
 */
export function senderClocks(plan: Plan, { site, aheadSeconds, status }: KnownClocks): Readonly<Record<SiteId, number>> {
  const noted = (status?.all('sender_clock') ?? [])
    .map((line) => line.split(' '))
    .map(([sender = '', ahead]) => [sender, aheadSeconds + Number(ahead)] as const);
  const off = [...noted, [site, aheadSeconds] as const].filter(([, ahead]) => Math.abs(ahead) > seconds(plan.estate.detection.clockSkewMax));
  return Object.fromEntries(off);
}

/** Heartbeats by the run's clock, whatever the clocks of those show that wrote them. */
export function heartbeatsByRunClock(heartbeats: readonly Heartbeat[], clocks: Readonly<Record<SiteId, number>>): readonly Heartbeat[] {
  return heartbeats.map((heartbeat) => ({ ...heartbeat, writtenAt: earlier(heartbeat.writtenAt, clocks[heartbeat.site]) }));
}

/** Commit time of what was replayed at `site`, by the run's clock: it came from the primary whose heartbeat came last. `heartbeats` are by that clock already. */
export function commitByRunClock(at: string, site: SiteId, heartbeats: readonly Heartbeat[], clocks: Readonly<Record<SiteId, number>>): string {
  const [last] = heartbeats.filter((heartbeat) => heartbeat.site !== site).toSorted((one, other) => Date.parse(other.writtenAt) - Date.parse(one.writtenAt));
  return earlier(at, last && clocks[last.site]);
}

function earlier(at: string, bySeconds = 0): string {
  return bySeconds === 0 ? at : new Date(Date.parse(at) - bySeconds * 1000).toISOString();
}
