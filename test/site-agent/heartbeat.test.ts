/** What a primary's beat tells its standbys: what an acknowledgement means there, now and at the next reload. On real servers. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestEstate } from './estate.ts';
import { eventually, testNetwork } from './support.ts';

const estate = new TestEstate(testNetwork());

beforeAll(() => estate.start());
afterAll(() => estate.stop());

test('the primary´s beat says what an acknowledgement means, and the standbys have it', async () => {
  expect((await estate.beat('east')).code).toBe(0);
  await eventually('west has the heartbeat', () => estate.sql('west', 'select 1 from dr_heartbeat', 'app').trim() === '1');
  const row = estate.sql(
    'west',
    'select synchronous_standby_names, synchronous_commit, overrides, standbys, cache_min_replicas_to_write, cache_min_replicas_max_lag, cache_replicas from dr_heartbeat',
    'app',
  );
  expect(row.trim()).toBe('ANY 1 ("west")|on||north=async,west=quorum|1|2|2');
});

test('overrides and a weak server setting show in the heartbeat', async () => {
  estate.sql(
    'east',
    'alter role erlmcp set synchronous_commit = local; alter database app set synchronous_commit = off; alter role dr_repl in database app set synchronous_commit = on',
  );
  estate.sql('east', 'alter system set synchronous_commit = off');
  estate.sql('east', 'select pg_reload_conf()');
  await eventually('the heartbeat shows them', async () => {
    await estate.beat('east');
    return (
      estate.sql('east', 'select synchronous_commit, overrides from dr_heartbeat', 'app').trim() ===
      'off|role:erlmcp=local,database:app=off,role:dr_repl@app=on'
    );
  });
  estate.sql('east', 'alter system reset synchronous_commit');
  estate.sql(
    'east',
    'select pg_reload_conf(); alter role erlmcp reset synchronous_commit; alter database app reset synchronous_commit; alter role dr_repl in database app reset synchronous_commit',
  );
  await eventually('the heartbeat is as before', async () => {
    await estate.beat('east');
    return estate.sql('east', 'select synchronous_commit, overrides from dr_heartbeat', 'app').trim() === 'on|';
  });
});

test('when the primary loaded its settings, and how far its log is written', async () => {
  await estate.beat('east');
  const log = 'flushed_lsn <= pg_current_wal_flush_lsn() and flushed_lsn > pg_current_wal_flush_lsn() - 1000000';
  expect(estate.sql('east', `select settings_loaded_at = pg_conf_load_time() and ${log} from dr_heartbeat`, 'app').trim()).toBe('t');
});

describe('what waits in the files for the next reload', () => {
  const file = () => estate.path('east', 'pg', 'postgresql.auto.conf');
  const overrides = async () => {
    await estate.beat('east');
    return estate.sql('east', 'select overrides from dr_heartbeat', 'app').trim();
  };
  const reload = () => estate.sql('east', 'select pg_reload_conf()');
  const runsWith = () => estate.sql('east', "select reset_val from pg_settings where name = 'synchronous_standby_names'").trim();
  const names = ',file:synchronous_standby_names=changed';

  test.each([
    ['another list of names', "synchronous_standby_names = ''", names],
    ['beside one that waits for a restart', "max_connections = 77\nsynchronous_standby_names = ''", names],
    ['beside one that the server refuses', "work_mem = 'much'\nsynchronous_standby_names = ''", names],
    ['under a name in capitals', "SYNCHRONOUS_STANDBY_NAMES = ''", names],
  ])('is told: %s; and the server takes it', async (_, text, told) => {
    const before = readFileSync(file());
    const names = runsWith();
    appendFileSync(file(), `${text}\n`);
    try {
      expect(await overrides()).toBe(told);
      reload();
      await eventually('the server runs with it', () => runsWith() === '');
    } finally {
      writeFileSync(file(), before);
      reload();
    }
    await eventually('the server runs as before', () => runsWith() === names);
    expect(await overrides()).toBe('');
  });

  test.each([
    ['a weaker commit, by its value', 'synchronous_commit = OFF', ',file:synchronous_commit=off'],
    ['a stronger one too, which takes nothing away', 'synchronous_commit = remote_apply', ',file:synchronous_commit=remote_apply'],
    ['the same by another word', 'synchronous_commit = TRUE', ''],
    ['the last of several', 'synchronous_commit = off\nSynchronous_Commit = On', ''],
    ['a value that is none', 'synchronous_commit = bogus', ''],
    ['files of which no reload takes anything, for an unknown name', "nonsense = 1\nsynchronous_standby_names = ''", ''],
    ['nor for a line that nobody can read', "synchronous_standby_names = ''\n= 1", ''],
  ])('is read as the server reads it: %s', async (_, text, told) => {
    const before = readFileSync(file());
    appendFileSync(file(), `${text}\n`);
    try {
      expect(await overrides()).toBe(told);
    } finally {
      writeFileSync(file(), before);
    }
  });

  test('is nothing where a file before those that set it cannot be read', async () => {
    const first = estate.path('east', 'pg', 'postgresql.conf');
    const before = readFileSync(first);
    appendFileSync(first, '= 1\n');
    try {
      expect(await overrides()).toBe('');
    } finally {
      writeFileSync(first, before);
    }
  });
});
