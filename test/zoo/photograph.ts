/** What must be the same after an undo as before: files byte for byte, settings, slots, what Redis is set to. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sites, type TestEstate } from '../site-agent/estate.ts';

/** By name of the thing; equal texts are equal things. */
export type Photograph = Readonly<Record<string, string>>;

/** A site with its two servers. */
export interface Sitter {
  readonly site: string;
  readonly pgdata: string;
  /** What the database's administrator is answered. */
  sql(statement: string): string;
  redis(...command: readonly string[]): string;
}

export function photograph(estate: TestEstate): Photograph {
  return photographOf(
    sites.map((site) => ({
      site,
      pgdata: estate.path(site, 'pg'),
      sql: (statement) => estate.asAdministrator(site, statement),
      redis: (...command) => estate.redis(site, ...command),
    })),
  );
}

export function photographOf(sitters: readonly Sitter[]): Photograph {
  return Object.fromEntries(
    sitters.flatMap((sitter) => [...files(sitter), ...database(sitter), ...cache(sitter)].map(([name, text]) => [`${sitter.site} ${name}`, text])),
  );
}

/** One sentence for each thing that is not as it was. */
export function differences(before: Photograph, after: Photograph): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
    before[name] === after[name] ? [] : [`${name} was ${JSON.stringify(before[name])} and is ${JSON.stringify(after[name])}`],
  );
}

function files({ pgdata }: Sitter): [string, string][] {
  // Files that pg_hba.conf includes stand in a folder of their own.
  const included = join(pgdata, 'hba.d');
  const names = existsSync(included) ? readdirSync(included).map((name) => `hba.d/${name}`) : [];
  return ['pg_hba.conf', 'postgresql.auto.conf', ...names].flatMap((name): [string, string][] => {
    const path = join(pgdata, name);
    if (!existsSync(path)) return [];
    const link = lstatSync(path).isSymbolicLink() ? `-> ${readlinkSync(path)}` : 'a file';
    const { mode, uid } = statSync(path);
    return [[`pg/${name}`, `${link} ${mode.toString(8)} ${uid}\n${readFileSync(path, 'utf8')}`]];
  });
}

const settings =
  "select current_setting('primary_conninfo') || E'\\n' || current_setting('primary_slot_name') || E'\\n' || current_setting('synchronous_standby_names') || E'\\n' || current_setting('recovery_min_apply_delay')";
const paused = "select case when pg_is_in_recovery() then pg_get_wal_replay_pause_state() else 'primary' end";
const slots = "select coalesce(string_agg(slot_name || ' ' || slot_type, ',' order by slot_name), '') from pg_replication_slots";

/** A server that answers nobody before its promotion has nothing to show. */
function asked(sitter: Sitter, statement: string): string {
  try {
    return sitter.sql(statement);
  } catch {
    return 'no answer';
  }
}

function database(sitter: Sitter): [string, string][] {
  return [
    ['settings', asked(sitter, settings)],
    ['replay', asked(sitter, paused)],
    ['slots', asked(sitter, slots)],
  ];
}

function cache(sitter: Sitter): [string, string][] {
  return [['Redis', sitter.redis('CONFIG', 'GET', '*')]];
}
