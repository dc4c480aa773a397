/** What must be the same after an undo as before: files byte for byte, settings, slots, what Redis is set to. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { sites, type TestEstate, type TestSite } from '../site-agent/estate.ts';

/** By name of the thing; equal texts are equal things. */
export type Photograph = Readonly<Record<string, string>>;

export function photograph(estate: TestEstate): Photograph {
  return Object.fromEntries(
    sites.flatMap((site) => [...files(estate, site), ...database(estate, site), ...cache(estate, site)].map(([name, text]) => [`${site} ${name}`, text])),
  );
}

/** One sentence for each thing that is not as it was. */
export function differences(before: Photograph, after: Photograph): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
    before[name] === after[name] ? [] : [`${name} was ${JSON.stringify(before[name])} and is ${JSON.stringify(after[name])}`],
  );
}

function files(estate: TestEstate, site: TestSite): [string, string][] {
  // Files that pg_hba.conf includes stand in a folder of their own.
  const included = estate.path(site, 'pg', 'hba.d');
  const names = existsSync(included) ? readdirSync(included).map((name) => `pg/hba.d/${name}`) : [];
  return ['pg/pg_hba.conf', 'pg/postgresql.auto.conf', ...names].flatMap((name): [string, string][] => {
    const path = estate.path(site, name);
    if (!existsSync(path)) return [];
    const link = lstatSync(path).isSymbolicLink() ? `-> ${readlinkSync(path)}` : 'a file';
    const { mode, uid } = statSync(path);
    return [[name, `${link} ${mode.toString(8)} ${uid}\n${readFileSync(path, 'utf8')}`]];
  });
}

const settings =
  "select current_setting('primary_conninfo') || E'\\n' || current_setting('primary_slot_name') || E'\\n' || current_setting('synchronous_standby_names') || E'\\n' || current_setting('recovery_min_apply_delay')";
const paused = "select case when pg_is_in_recovery() then pg_get_wal_replay_pause_state() else 'primary' end";
const slots = "select coalesce(string_agg(slot_name || ' ' || slot_type, ',' order by slot_name), '') from pg_replication_slots";

/** A server that answers nobody before its promotion has nothing to show. */
function asked(estate: TestEstate, site: TestSite, sql: string): string {
  try {
    return estate.asAdministrator(site, sql);
  } catch {
    return 'no answer';
  }
}

function database(estate: TestEstate, site: TestSite): [string, string][] {
  return [
    ['settings', asked(estate, site, settings)],
    ['replay', asked(estate, site, paused)],
    ['slots', asked(estate, site, slots)],
  ];
}

function cache(estate: TestEstate, site: TestSite): [string, string][] {
  return [['Redis', estate.redis(site, 'CONFIG', 'GET', '*')]];
}
