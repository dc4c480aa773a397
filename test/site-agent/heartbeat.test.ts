/** What a primary's beat tells its standbys: what an acknowledgement means there, now and at the next reload. On real servers. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

test('what the files hold and the server has not loaded shows in the heartbeat, and when it last loaded them', async () => {
  const row = async (what: string) => {
    await estate.beat('east');
    return estate.sql('east', `select ${what} from dr_heartbeat`, 'app').trim();
  };
  const overrides = () => row('overrides');
  expect(
    await row('flushed_lsn <= pg_current_wal_flush_lsn() and flushed_lsn > pg_current_wal_flush_lsn() - 1000000 and settings_loaded_at = pg_conf_load_time()'),
  ).toBe('t');
  for (const [statement, changed] of [
    ["alter system set synchronous_standby_names = ''", 'file:synchronous_standby_names=changed'],
    ['alter system set synchronous_commit = off', 'file:synchronous_commit=changed'],
    ['alter system set synchronous_commit = true', ''],
  ] as const) {
    estate.sql('east', statement);
    expect(await overrides(), statement).toBe(changed === '' ? '' : `,${changed}`);
    estate.sql('east', 'alter system reset synchronous_commit');
    estate.sql('east', `alter system set synchronous_standby_names = 'ANY 1 ("west")'`);
    expect(await overrides()).toBe('');
  }
  const file = estate.path('east', 'pg', 'postgresql.auto.conf');
  const before = readFileSync(file);
  appendFileSync(file, "work_mem = 'much'\nsynchronous_commit = off\n");
  expect(await overrides(), 'files that no reload would take').toBe('');
  writeFileSync(file, before);
});
