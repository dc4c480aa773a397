/** The database's observer: may it log in, see statistics, read the probed tables, and nothing more? */
import type { Client } from 'pg';
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import type { Endpoint, Plan, SiteId } from '../../plan/schema.ts';
import { milliseconds } from '../../plan/durations.ts';
import { withDatabase, type Login } from '../probing/stores.ts';
import { isCertificateFault, isUnknownAuthority } from '../probing/certificates.ts';
import { lacking, ok, unreachable, words } from './checks.ts';
import type { Subject } from './checks.ts';
import { createObserver, grantSelect, grantStatistics, hostBasedAccess, observedTables, revokeSettings, revokeWrite } from './lines.ts';
import type { AccessCheck } from './port.ts';
import { asksForCertificate, tlsOfPlan, tlsWantedByDatabase } from './tls.ts';

/** SQLSTATEs with which PostgreSQL turns a login away. */
const wrongPassword = '28P01';
const notLetIn = '28000';
const atPrimary = 'psql as administrator at the primary';

interface Rights {
  readonly statistics: boolean;
  /** Words of a connection string with a password, which `pg_read_all_settings` lets it read. */
  readonly passwords: boolean;
  readonly missing: readonly string[];
  readonly unreadable: readonly string[];
  readonly writable: readonly string[];
  readonly standby: boolean;
}

export async function checkDatabase(plan: Plan, site: SiteId, login: Login): Promise<readonly AccessCheck[]> {
  const { database, sites, ssh } = plan.estate;
  const endpoint = sites[site]?.database;
  if (!endpoint) return [];
  const { user } = database.observer;
  const subject: Subject = { what: 'PostgreSQL, to look', steps: stepsThatReach('database as observer'), as: user };
  const timeout = milliseconds(ssh.connectTimeout);
  try {
    return await withDatabase(plan, site, login, timeout, async (client) => judge(subject, user, await readRights(client, observedTables(plan))));
  } catch (error) {
    return [await turnedAway(plan, endpoint, subject, error)];
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
  const { rows: roles } = await client.query<{ statistics: boolean; passwords: boolean; standby: boolean }>(
    `SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS statistics, pg_is_in_recovery() AS standby,
            exists (SELECT FROM pg_settings WHERE name = 'primary_conninfo' AND setting ~* 'password') AS passwords`,
  );
  const named = (wanted: (row: (typeof rows)[number]) => boolean) => rows.filter(wanted).map(({ name }) => name);
  return {
    statistics: roles[0]?.statistics ?? false,
    passwords: roles[0]?.passwords ?? false,
    standby: roles[0]?.standby ?? false,
    missing: named(({ there }) => !there),
    unreadable: named(({ there, readable }) => there && !readable),
    writable: named(({ writable }) => writable),
  };
}

function judge(subject: Subject, user: string, rights: Rights): readonly AccessCheck[] {
  const where = atPrimary;
  const found = [
    ...(rights.statistics ? [] : [lacking(subject, 'It may not see replication statistics.', { where, line: grantStatistics(user) })]),
    ...(rights.passwords
      ? [lacking(subject, 'It may read the password in primary_conninfo, which an observer must not.', { where, line: revokeSettings(user) })]
      : []),
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

async function turnedAway(plan: Plan, endpoint: Endpoint, subject: Subject, error: unknown): Promise<AccessCheck> {
  const { name: database, observer, tls } = plan.estate.database;
  const { user } = observer;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const said = words(error).replace(/\.$/, '');
  if (isCertificateFault(error))
    return lacking(subject, `Its certificate is not accepted: ${said}.`, isUnknownAuthority(error) ? tlsOfPlan('database', 'tls') : undefined);
  if (said.includes('does not support SSL'))
    return lacking(subject, `${said}, and estate.database.tls of the plan asks for it. Set ssl = on there, or take tls out of the plan.`);
  if (code === wrongPassword)
    return lacking(subject, `The login is refused: ${said}. Where the role exists, give it this password.`, { where: atPrimary, line: createObserver(user) });
  if (code !== notLetIn) return unreachable(subject, said);
  if (asksForCertificate(error)) return lacking(subject, `It asks for a certificate: ${said}.`, tlsOfPlan('database', 'client certificate'));
  const wanted = tls ? undefined : await tlsWantedByDatabase(endpoint, database, user, milliseconds(plan.estate.ssh.connectTimeout));
  if (wanted) return lacking(subject, `Its pg_hba.conf lets ${user} in over TLS only, and the plan has none: ${said}.`, tlsOfPlan('database', wanted));
  const rejected = said.includes('rejects connection');
  return lacking(subject, `The server lets nobody in from here: ${said}.`, {
    where: rejected ? 'pg_hba.conf, above the line that rejects it, then reload' : 'pg_hba.conf, then reload',
    line: hostBasedAccess(database, user, tls ? 'hostssl' : 'host'),
  });
}
