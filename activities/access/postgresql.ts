/** The database's observer: may it log in, see statistics, read the probed tables, and nothing more? */
import type { Client } from 'pg';
import type { Plan, SiteId } from '../../plan/schema.ts';
import { milliseconds } from '../../plan/durations.ts';
import { withDatabase } from '../probing/stores.ts';
import { lacking, ok, unreachable, words } from './checks.ts';
import type { Subject } from './checks.ts';
import { createObserver, grantMonitor, grantSelect, hostBasedAccess, observedTables, revokeWrite } from './lines.ts';
import type { AccessCheck } from './port.ts';

/** SQLSTATEs with which PostgreSQL turns a login away. */
const wrongPassword = '28P01';
const notLetIn = '28000';

interface Rights {
  readonly monitor: boolean;
  readonly missing: readonly string[];
  readonly unreadable: readonly string[];
  readonly writable: readonly string[];
  readonly standby: boolean;
}

export async function checkDatabase(plan: Plan, site: SiteId, password: string): Promise<readonly AccessCheck[]> {
  const { database, sites, ssh } = plan.estate;
  if (!sites[site]?.database) return [];
  const { user } = database.observer;
  const subject: Subject = { what: 'PostgreSQL, to look', steps: ['assess-impact', 'catch-up-database', 'check-lag', 'verify-first-tier'], as: user };
  const timeout = milliseconds(ssh.connectTimeout);
  try {
    return await withDatabase(plan, site, password, timeout, async (client) => judge(subject, user, await readRights(client, observedTables(plan))));
  } catch (error) {
    return [turnedAway(subject, database.name, user, error)];
  }
}

async function readRights(client: Client, tables: readonly string[]): Promise<Rights> {
  const { rows } = await client.query<{ name: string; there: boolean; readable: boolean; writable: boolean }>(
    `SELECT name, to_regclass(name) IS NOT NULL AS there,
            coalesce(has_table_privilege(to_regclass(name), 'SELECT'), false) AS readable,
            coalesce(has_table_privilege(to_regclass(name), 'INSERT, UPDATE, DELETE, TRUNCATE'), false) AS writable
       FROM unnest($1::text[]) AS name`,
    [tables],
  );
  const { rows: roles } = await client.query<{ monitor: boolean; standby: boolean }>(
    `SELECT pg_has_role(current_user, 'pg_monitor', 'USAGE') AS monitor, pg_is_in_recovery() AS standby`,
  );
  const named = (wanted: (row: (typeof rows)[number]) => boolean) => rows.filter(wanted).map(({ name }) => name);
  return {
    monitor: roles[0]?.monitor ?? false,
    standby: roles[0]?.standby ?? false,
    missing: named(({ there }) => !there),
    unreadable: named(({ there, readable }) => there && !readable),
    writable: named(({ writable }) => writable),
  };
}

function judge(subject: Subject, user: string, rights: Rights): readonly AccessCheck[] {
  const where = 'psql as administrator at the primary';
  const found = [
    ...(rights.monitor ? [] : [lacking(subject, 'It may not see replication statistics.', { where, line: grantMonitor(user) })]),
    ...(rights.missing.length === 0
      ? []
      : [lacking(subject, `Tables of the plan that are not there: ${rights.missing.join(', ')}. Correct estate.functionProbes, or create them.`)]),
    ...(rights.unreadable.length === 0
      ? []
      : [lacking(subject, `It may not read ${rights.unreadable.join(', ')}.`, { where, line: grantSelect(user, rights.unreadable) })]),
    ...(rights.writable.length === 0
      ? []
      : [lacking(subject, `It may write ${rights.writable.join(', ')}, which an observer must not.`, { where, line: revokeWrite(user, rights.writable) })]),
  ];
  return found.length > 0 ? found : [ok(subject, `${rights.standby ? 'a standby' : 'a primary'}; may see statistics, reads the tables, cannot write`)];
}

function turnedAway(subject: Subject, database: string, user: string, error: unknown): AccessCheck {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === wrongPassword)
    return lacking(subject, `The login is refused: ${words(error)}.`, { where: 'psql as administrator at the primary', line: createObserver(user) });
  if (code === notLetIn)
    return lacking(subject, `The server lets nobody in from here: ${words(error)}.`, {
      where: 'pg_hba.conf, then reload',
      line: hostBasedAccess(database, user),
    });
  return unreachable(subject, words(error));
}
