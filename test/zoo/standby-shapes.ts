/** Standbys as people set them up, and managers besides this one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { sites, type TestEstate, type TestSite } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';
import { accessFile, administrator, agentSetting, anotherCluster, askOther, set, streams } from './shaping.ts';
import type { Shape } from './shape.ts';

export const standbyShapes: readonly Shape<TestEstate>[] = [
  {
    name: 'smaller settings than the primary',
    group: 'standbys',
    like: 'max_connections was raised at the primary only.',
    setUp: async (estate) => {
      await set(estate, 'east', { max_connections: '150' }, { restart: true });
      await eventually('the replay of west is paused', () => estate.asAdministrator('west', 'select pg_get_wal_replay_pause_state()').trim() === 'paused');
    },
    expected: { comes: 'refused', says: /max_connections is 100 here and 150 at its primary\. Its server would end for good; raise it at west and restart/ },
  },
  {
    name: 'a delayed standby',
    group: 'standbys',
    like: 'The target applies what it receives an hour later.',
    setUp: (estate) => set(estate, 'west', { recovery_min_apply_delay: "'1h'" }),
    expected: { comes: 'works with an exception', says: /has applied what it held back/ },
  },
  {
    name: 'a delayed follower',
    group: 'standbys',
    like: 'The other standby applies what it receives an hour later.',
    setUp: (estate) => set(estate, 'north', { recovery_min_apply_delay: "'1h'" }),
    expected: { comes: 'works with an exception', says: /has applied what it held back/ },
  },
  {
    name: 'a paused standby',
    group: 'standbys',
    like: 'Somebody has paused the replay of the target.',
    setUp: (estate) => void estate.asAdministrator('west', 'select pg_wal_replay_pause()'),
    expected: { comes: 'works with an exception', says: /has applied what it held back/ },
  },
  {
    name: 'replication slots',
    group: 'standbys',
    like: 'Each standby has a slot of its own.',
    setUp: async (estate) => {
      for (const site of ['west', 'north'] as const) {
        estate.asAdministrator('east', `select pg_create_physical_replication_slot('${site}_slot')`);
        await set(estate, site, { primary_slot_name: `'${site}_slot'` });
      }
      await eventually('both slots are in use', () => estate.asAdministrator('east', 'select count(*) from pg_replication_slots where active').trim() === '2');
      await streams(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'a cascade',
    group: 'standbys',
    like: 'One standby follows the other.',
    setUp: async (estate) => {
      await follow(estate, 'north', `host=${estate.address('west')} port=5432 user=dr_repl passfile=${estate.path('north', 'pgpass')} application_name=north`);
      await eventually('north follows west', () => estate.standbysOf('west') === 'async');
    },
    expected: { comes: 'works' },
  },
  {
    name: 'names of their own',
    group: 'standbys',
    like: 'Standbys replicate as db_west and db_north, and agent.conf says so.',
    setUp: async (estate) => {
      await named(estate);
      for (const site of sites) {
        agentSetting(estate, site, `PG_STANDBY_NAME=db_${site}`);
        for (const peer of sites.filter((other) => other !== site)) agentSetting(estate, site, `PEER_${peer}_PG_NAME=db_${peer}`);
      }
    },
    expected: { comes: 'works' },
  },
  {
    name: 'names of their own, not told',
    group: 'standbys',
    like: 'Standbys replicate as db_west and db_north, and nobody says so.',
    setUp: named,
    expected: { comes: 'refused', says: /replicates under the name db_west.* PG_STANDBY_NAME/ },
  },
  {
    name: 'an address (URI) as primary_conninfo',
    group: 'standbys',
    like: 'primary_conninfo is written as postgresql://….',
    setUp: async (estate) => {
      await set(estate, 'north', { primary_conninfo: `'postgresql://dr_repl:test-only@${estate.address('east')}:5432/?application_name=north'` });
      await streams(estate);
    },
    expected: { comes: 'refused', says: /primary_conninfo of the standby at north is a URI.*Write it as host=/ },
  },
  {
    name: 'a password in primary_conninfo',
    group: 'standbys',
    like: 'The standby´s words hold its password; no file does.',
    setUp: async (estate) => {
      for (const site of ['west', 'north'] as const)
        await follow(estate, site, `user=dr_repl password=test-only host=${estate.address('east')} port=5432 sslmode=prefer application_name=${site}`);
      await streams(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'on the command line',
    group: 'standbys',
    like: 'A container starts the standby with primary_conninfo as an argument.',
    setUp: async (estate) => {
      const words = estate.asAdministrator('north', 'show primary_conninfo').trim();
      await estate.stopPostgres('north');
      await estate.startPostgres('north', '-c', `primary_conninfo=${words}`);
      await streams(estate);
    },
    expected: { comes: 'refused', says: /primary_conninfo of the database at north stands on its command line/ },
  },
  {
    name: 'in postgresql.conf',
    group: 'standbys',
    like: 'primary_conninfo stands in postgresql.conf, not where ALTER SYSTEM writes.',
    setUp: async (estate) => {
      const words = estate.asAdministrator('north', 'show primary_conninfo').trim();
      writeFileSync(estate.path('north', 'pg', 'site.conf'), `listen_addresses = '${estate.address('north')}'\nprimary_conninfo = '${words}'\n`);
      await set(estate, 'north', { primary_conninfo: 'default' });
      estate.asAdministrator('north', 'alter system reset primary_conninfo');
      estate.asAdministrator('north', 'select pg_reload_conf()');
      await streams(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'a recovery target',
    group: 'standbys',
    like: 'The target was told to stop its replay at a time.',
    setUp: async (estate) => {
      await set(estate, 'west', { recovery_target_time: "'2099-01-01 00:00:00+00'" }, { restart: true });
      await streams(estate);
    },
    expected: { comes: 'refused', says: /recovery_target_time is set at west: its replay stops there/ },
  },
  {
    name: 'read only by default',
    group: 'standbys',
    like: 'The target´s sessions are read-only unless they say otherwise.',
    setUp: (estate) => set(estate, 'west', { default_transaction_read_only: 'on' }),
    expected: { comes: 'refused', says: /default_transaction_read_only is on at west: as a primary it would refuse every write/ },
  },
  {
    name: 'hot_standby off',
    group: 'standbys',
    like: 'The target answers nobody before it is promoted.',
    setUp: async (estate) => {
      await set(estate, 'west', { hot_standby: 'off' });
      await estate.stopPostgres('west');
      estate.startPostgresSilently('west');
      await streams(estate);
    },
    expected: { comes: 'refused', says: /the database at west does not answer/ },
  },
  {
    name: 'a warning on each connection',
    group: 'standbys',
    like: 'After an upgrade of the image each connection is warned of a collation version.',
    setUp: async (estate) => {
      const other = "datlocprovider = 'i', daticulocale = 'en', datcollversion = '148.0'";
      estate.asAdministrator('east', `update pg_database set ${other} where datname in ('app', 'postgres')`);
      await streams(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'no way between the standbys',
    group: 'standbys',
    like: 'The target´s pg_hba.conf lets nobody replicate from it.',
    setUp: (estate) => accessFile(estate, [administrator, 'host app all 127.0.0.0/8 scram-sha-256'], ['west']),
    expected: { comes: 'refused', says: /the standby at north may not replicate from west: .*no pg_hba\.conf entry/ },
  },
  {
    name: 'another cluster at a peer´s address',
    group: 'standbys',
    like: 'agent.conf leads to a server of another estate.',
    setUp: strangerAtWest,
    expected: { comes: 'refused', says: /the database at west is another cluster than that at north/ },
  },
];

export const managerShapes: readonly Shape<TestEstate>[] = [
  manager('Patroni', 'Patroni heartbeat'),
  manager('repmgrd', 'repmgrd'),
  manager('pg_auto_failover', 'pgautofailover_node'),
  {
    name: 'Sentinel',
    group: 'other managers',
    like: 'Redis Sentinel watches the caches and would throw a promoted one back.',
    setUp: sentinel,
    expected: { comes: 'refused', says: /Sentinel manages the cache at (east|west|north) and would undo this within seconds/ },
  },
];

function manager(name: string, shown: string): Shape<TestEstate> {
  return {
    name: `${name}, by its name`,
    group: 'other managers',
    like: `A session of ${name} is in, as it shows itself.`,
    setUp: async (estate) => {
      estate.background('psql', ['-h', estate.address('west'), '-U', 'dr_admin', '-d', 'postgres', '-c', 'select pg_sleep(600)'], {
        PGPASSWORD: 'test-only',
        PGAPPNAME: shown,
      });
      await eventually(
        `${shown} is in`,
        () => estate.asAdministrator('west', `select count(*) from pg_stat_activity where application_name = '${shown}'`).trim() === '1',
      );
    },
    expected: { comes: 'refused', says: new RegExp(`${name} manages the database at west and would undo this within seconds; hand over first`) },
  };
}

async function follow(estate: TestEstate, site: TestSite, words: string): Promise<void> {
  await set(estate, site, { primary_conninfo: `'${words}'` });
}

async function named(estate: TestEstate): Promise<void> {
  await set(estate, 'east', { synchronous_standby_names: "'ANY 1 (db_west)'" });
  for (const site of ['west', 'north'] as const) {
    await follow(estate, site, `host=${estate.address('east')} port=5432 user=dr_repl passfile=${estate.path(site, 'pgpass')} application_name=db_${site}`);
  }
  await streams(estate);
}

async function strangerAtWest(estate: TestEstate): Promise<void> {
  const host = estate.address('west').replace(/\.100$/, '.101');
  await anotherCluster(estate, 'stranger', host);
  askOther(host, 'create role dr_repl login replication');
  agentSetting(estate, 'north', `PEER_west_PG_HOST=${host}`);
}

async function sentinel(estate: TestEstate): Promise<void> {
  const folder = estate.path('north', 'sentinel');
  mkdirSync(folder);
  const lines = [
    `bind ${estate.address('north')}`,
    'port 26379',
    `dir ${folder}`,
    'protected-mode no',
    `sentinel monitor cache ${estate.address('east')} 6379 1`,
    'sentinel auth-pass cache test-only',
    'sentinel down-after-milliseconds cache 60000',
  ];
  writeFileSync(`${folder}/sentinel.conf`, `${lines.join('\n')}\n`);
  estate.owned(folder);
  estate.background('redis-server', [`${folder}/sentinel.conf`, '--sentinel']);
  for (const site of sites) await eventually(`Sentinel watches ${site}`, () => estate.redis(site, 'CLIENT', 'LIST').includes('name=sentinel-'));
}
