/** Other versions than the machine's own: what every version knows, and what is there in the newer ones only. `npm run setup -- --zoo` brings them. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { zooPaths } from '../../lab/setup/paths.ts';
import { sites, type TestEstate, type TestSite } from '../site-agent/estate.ts';
import type { Servers } from './estate.ts';
import { estateShapes } from './estate-shapes.ts';
import { accessFile, administrator, others, reload, replication, streams } from './shaping.ts';
import type { Shape } from './shape.ts';

/** A version with the shapes that are tried on it. */
export interface Version extends Omit<Shape<TestEstate>, 'setUp'> {
  readonly servers: Servers;
  readonly shapes: readonly Shape<TestEstate>[];
}

/** A shape that only a version knows. */
export interface VersionShape extends Shape<TestEstate> {
  readonly servers: Servers;
}

const paths = zooPaths();
const postgres14: Servers = { postgres: paths.postgresBin('14.18.0') };
const postgres16: Servers = { postgres: paths.postgresBin('16.9.0') };
const postgres17: Servers = { postgres: paths.postgresBin('17.5.0') };

/** Those in which the server's own words are read and judged. */
const ofPostgres = ['plain', 'application and replication in one line', 'replication slots', 'a delayed standby', 'everybody but the agent'];
const ofRedis = ['plain', 'old directive names', 'a chain of replicas', 'no configuration file', 'users by ACL only'];

export const versions: readonly Version[] = [
  version('PostgreSQL 14.18', postgres14, ofPostgres),
  version('PostgreSQL 16.9', postgres16, ofPostgres),
  version('PostgreSQL 17.5', postgres17, ofPostgres),
  version('Redis 6.2.14', { redis: paths.redis }, ofRedis),
  version('Valkey 9.1.2', { redis: paths.valkey }, ofRedis),
];

export const versionShapes: readonly VersionShape[] = [
  ...[postgres16, postgres17].flatMap((servers): VersionShape[] => [
    {
      ...{ name: `${nameOf(servers)}: included files`, group: 'versions', servers },
      like: 'pg_hba.conf includes a file, a folder of files, and one that is not there.',
      setUp: includes,
      expected: { comes: 'works' },
    },
    {
      ...{ name: `${nameOf(servers)}: regular expressions`, group: 'versions', servers },
      like: 'Databases and roles are named by regular expressions, those that replicate too.',
      setUp: (estate) =>
        accessFile(estate, [
          'host all /^dr_admin$ 127.0.0.0/8 scram-sha-256',
          'host /^ap+$,/^post "/^erl(mcp|ang)$" 127.0.0.0/8 scram-sha-256',
          'host "/^a.p$" /^dr_ 127.0.0.0/8 scram-sha-256',
          'host replication "/^dr_re(pl|pl,ica)$" 127.0.0.0/8 scram-sha-256',
        ]),
      expected: { comes: 'works' },
    },
    {
      ...{ name: `${nameOf(servers)}: an included file that the server cannot read`, group: 'versions', servers },
      like: 'A file that pg_hba.conf includes has a typing error.',
      setUp: (estate) => {
        includes(estate);
        appendFileSync(estate.path('east', 'pg', 'hba.d', 'customers.conf'), 'host app erlmcp nowhere/8 sram\n');
        reload(estate, 'east');
      },
      expected: { comes: 'refused', says: /cannot be read by its server \(\S+\/hba\.d\/customers\.conf, line 3: / },
    },
  ]),
  {
    ...{ name: 'PostgreSQL 17: allow_alter_system off', group: 'versions', servers: postgres17 },
    like: 'Settings of the target are made by a tool alone; ALTER SYSTEM is forbidden.',
    setUp: (estate) => ownSetting(estate, 'west', 'allow_alter_system = off'),
    expected: { comes: 'refused', says: /allow_alter_system is off at west, .*set it on in .*postgresql\.conf and reload/ },
  },
  {
    ...{ name: 'PostgreSQL 17: logins are written down', group: 'versions', servers: postgres17 },
    like: 'An event trigger writes a row at each login to the application´s database.',
    setUp: (estate) => noteLogins(estate, 'app'),
    expected: { comes: 'works' },
  },
  {
    ...{ name: 'PostgreSQL 17: logins are written down everywhere', group: 'versions', servers: postgres17 },
    like: 'The same in the administrator´s database, which stays open to him.',
    setUp: async (estate) => {
      noteLogins(estate, 'app');
      noteLogins(estate, 'postgres');
      await streams(estate);
    },
    expected: { comes: 'works' },
  },
];

function version(name: string, servers: Servers, shapes: readonly string[]): Version {
  const like = `Its servers, in the shapes ${shapes.join(', ')}.`;
  return { name, group: 'versions', like, servers, shapes: shapes.map(shapeNamed), expected: { comes: 'works' } };
}

function shapeNamed(name: string): Shape<TestEstate> {
  const found = estateShapes.find((shape) => shape.name === name);
  if (!found) throw new Error(`The zoo has no shape named ${name}.`);
  return found;
}

function nameOf(servers: Servers): string {
  return servers === postgres16 ? 'PostgreSQL 16' : 'PostgreSQL 17';
}

function includes(estate: TestEstate): void {
  const files = {
    'customers.conf': '# the shop\nhost app erlmcp 127.0.0.0/8 scram-sha-256\n',
    'standbys.conf': `include_if_exists nobody.conf\n${replication}\n`,
    'more.conf': `${others}\n`,
  };
  for (const site of sites) {
    const folder = estate.path(site, 'pg', 'hba.d');
    mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text, { mode: 0o600 });
    estate.owned(folder);
  }
  accessFile(estate, [administrator, 'include_if_exists hba.d/absent.conf', 'include hba.d/customers.conf', 'include_dir hba.d']);
}

function ownSetting(estate: TestEstate, site: TestSite, line: string): void {
  appendFileSync(estate.path(site, 'pg', 'postgresql.conf'), `${line}\n`);
  reload(estate, site);
}

/** Written with care: it is silent at standbys, and for those who may not write. */
function noteLogins(estate: TestEstate, database: string): void {
  estate.sql(
    'east',
    `create table logins (who text, at timestamptz default clock_timestamp());
     create function note_login() returns event_trigger language plpgsql security definer as $$ begin
       if not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off' then insert into logins (who) values (session_user); end if;
     end $$;
     create event trigger note_login on login execute function note_login();
     alter event trigger note_login enable always`,
    database,
  );
}
