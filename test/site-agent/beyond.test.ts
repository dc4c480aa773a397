/** What only the old primary committed is counted from its WAL: `database-beyond`, on real servers. */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pgBin, TestEstate } from './estate.ts';
import { testNetwork } from './support.ts';

const estate = new TestEstate(testNetwork());
let fork = '';
let last = '';

const beyond = async (words: string) => estate.verb('east', `database-beyond ${words}`);

beforeAll(async () => {
  await estate.start();
  // One that began before the fork, and is committed beyond it.
  const early = new pg.Client({ host: estate.address('east'), user: 'dr_admin', password: 'test-only', database: 'app' });
  await early.connect();
  await early.query("begin; insert into payments (customer, sequence, token) values ('early', 1, 't')");
  fork = (await estate.change('west', 'database-detach')).fields['current_lsn'] ?? '';
  await estate.change('north', 'database-detach');
  estate.sql('east', "alter system set synchronous_standby_names = ''");
  estate.sql('east', 'select pg_reload_conf()');
  estate.sql(
    'east',
    `insert into payments (customer, sequence, token) select 'many', n, 't' from generate_series(1, 10) n;
     begin; insert into payments (customer, sequence, token) values ('part', 1, 't'); savepoint a; insert into payments (customer, sequence, token) values ('part', 2, 't'); rollback to a;
     savepoint b; insert into payments (customer, sequence, token) values ('part', 3, 't'); release b; commit;
     begin; insert into payments (customer, sequence, token) values ('undone', 1, 't'); rollback;
     insert into payments (customer, sequence, token) values ('many', 1, 't') on conflict (customer, sequence) do update set token = 'again';
     update payments set amount_cents = 7 where customer = 'many' and sequence < 4;
     delete from payments where customer = 'many' and sequence = 10;
     insert into payments (customer, sequence, token) select 'long', 1, string_agg(md5(n::text), '') from generate_series(1, 2000) n;
     create table later (n int);`,
    'app',
  );
  await early.query('commit');
  await early.end();
  execFileSync(join(pgBin, 'psql'), ['-X', '-q', '-h', estate.address('east'), '-U', 'dr_admin', '-d', 'app', '-c', 'copy later from stdin'], {
    input: '1\n2\n3\n',
    env: { PGPASSWORD: 'test-only' },
  });
  await estate.beat('east');
  await estate.beat('east');
  last = (await estate.change('east', 'database-close')).fields['last_lsn'] ?? '';
});
afterAll(() => estate.stop());

/** Ten, two of a part each, one long, three by COPY, one that began before; one statement met its key, three were changed, one is gone. */
const counted = { transactions: '8', inserted: '17', updated: '4', deleted: '1', whole: 'yes', skipped: 'yes' };

test('customers´ rows that were committed, and no others: not what was rolled back, not the agent´s own beats, not the pieces of long values', async () => {
  expect(await beyond(`${fork} ${last}`)).toMatchObject({ code: 0, fields: { ...counted, from: fork } });
  expect(await beyond(fork)).toMatchObject({ code: 0, fields: counted });
});

test('nothing is beyond the last position', async () => {
  expect(await beyond(`${last} ${last}`)).toMatchObject({ code: 0, fields: { transactions: '0', inserted: '0', updated: '0', deleted: '0', whole: 'yes' } });
});

test.each([
  ['no position', 'everything', /'everything' is no WAL position such as/],
  ['a position whose WAL was never there', 'FF/0', /the WAL from FF\/0 on is no more in .*pg_wal \(000000010000[0-9A-F]+\): restore it there from the archive/],
])('%s is refused', async (_name, from, why) => {
  const answer = await beyond(from);
  expect(answer.code).toBe(65);
  expect(answer.fields['refused']).toMatch(why);
});

test('of a server that is down the same is counted from its disk', async () => {
  await estate.kill('postgres-east');
  expect(await beyond(fork)).toMatchObject({ code: 0, fields: counted });
});

test('without the programs it says what to install, and nothing else is lost', async () => {
  const program = estate.path('east', 'count-beyond');
  rmSync(program);
  expect((await beyond(fork)).fields['refused']).toMatch(
    /count-beyond does not lie beside the agent at east: copy it from site-agent\/ to \S+, then ask again/,
  );
  expect(readdirSync(estate.path('east'))).toContain('site-agent');
});
