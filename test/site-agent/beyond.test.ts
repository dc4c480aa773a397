/** What only the old primary committed is counted from its WAL: `database-beyond`, on real servers. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

/** From 16 on `pg_waldump` says the same in other words; that program is not on this machine, so its lines are given. */
test('in the words of PostgreSQL 16 and later', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dr-count-'));
  const record = (rmgr: string, xid: number, lsn: string, what: string) =>
    `rmgr: ${rmgr.padEnd(11)} len (rec/tot):     61/    61, tx: ${String(xid).padStart(10)}, lsn: ${lsn}, prev 0/01000000, desc: ${what}`;
  const table = 'blkref #0: rel 1663/5/16684 blk 0';
  const lines = [
    record('Heap', 10, '0/01000100', `INSERT+INIT off: 1, flags: 0x00, ${table}`),
    record('Heap2', 10, '0/01000200', `MULTI_INSERT ntuples: 8, flags: 0x02, offsets: [9, 10, 11, 12, 13, 14, 15, 16], ${table}`),
    record('Heap', 10, '0/01000300', `DELETE xmax: 10, off: 4, infobits: [KEYS_UPDATED], flags: 0x00, ${table} FPW`),
    record('Heap', 10, '0/01000400', `HOT_UPDATE old_xmax: 10, old_off: 18, old_infobits: [], flags: 0x20, new_xmax: 0, new_off: 21, ${table}`),
    // Met its own key, and was taken back within its statement.
    record('Heap', 11, '0/01000500', `INSERT off: 2, flags: 0x04, ${table}`),
    record('Heap', 11, '0/01000600', `DELETE xmax: 0, off: 2, infobits: [], flags: 0x08, ${table}`),
    record('Transaction', 10, '0/01000700', 'COMMIT 2026-05-04 13:37:00.000000 UTC; subxacts: 11'),
    record('Heap', 12, '0/01000800', `INSERT off: 3, flags: 0x00, ${table}`),
  ];
  const program = (name: string, out: readonly string[]) =>
    writeFileSync(join(folder, name), `#!/bin/sh\ncat <<'END'\n${out.join('\n')}\nEND\n`, { mode: 0o755 });
  program('pg_waldump', lines);
  program('pg_controldata', ["Latest checkpoint's TimeLineID:       1", 'Bytes per WAL segment:                16777216']);
  mkdirSync(join(folder, 'pg_wal'));
  writeFileSync(join(folder, 'pg_wal', '000000010000000000000001'), '');
  const script = join(import.meta.dirname, '..', '..', 'site-agent', 'count-beyond');
  const out = execFileSync(script, [folder, folder, '0/1000600', '0/1000900'], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  expect(out).toBe('from=0/1000600\ntransactions=1\ninserted=9\nupdated=1\ndeleted=1\nwhole=yes\nread_to=0/01000800\nskipped=no\n');
});
