/** What comes after a change: a lost reply and its repeat, a restart, a source that is still dead, on real servers. */
import { appendFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pgBin, TestEstate, type TestSite } from './estate.ts';
import { clientWrite } from './clients.ts';
import { eventually, testNetwork } from './support.ts';

const estate = new TestEstate(testNetwork());
const change = (site: TestSite, words: string, epoch = 1) => estate.change(site, words, epoch, `run-${epoch}`);
const fields = async (site: TestSite, verb: string) => (await estate.verb(site, verb)).fields;

beforeAll(async () => {
  await estate.start();
  await estate.freeze();
});
beforeEach(() => estate.thaw());
afterAll(() => estate.stop());

describe('an undo while the lost site is still dead', () => {
  test('leaves the standby and the replica with their own words, which lead them back when it returns', async () => {
    const words = estate.asAdministrator('north', 'show primary_conninfo');
    const file = readFileSync(estate.path('north', 'pg', 'postgresql.auto.conf'), 'utf8');
    await Promise.all(['postgres-east', 'redis-east'].map((name) => estate.kill(name)));
    for (const verb of ['database-detach', 'cache-detach']) expect((await change('north', verb)).code).toBe(0);
    const [database, cache] = await Promise.all([change('north', 'database-return'), change('north', 'cache-return')]);
    expect(database).toMatchObject({
      code: 0,
      fields: {
        after: 'following east',
        exception: 'the standby at north is told to follow east again by its own settings, and does not stream from it yet: it will when east is back',
      },
    });
    expect(cache).toMatchObject({
      code: 0,
      fields: { after: 'following east', exception: expect.stringMatching(/told to follow east again, and its link to it is down/) },
    });
    expect(estate.asAdministrator('north', 'show primary_conninfo')).toBe(words);
    expect(readFileSync(estate.path('north', 'pg', 'postgresql.auto.conf'), 'utf8')).toBe(file);
    await Promise.all([estate.startPostgres('east'), estate.startRedis('east')]);
    await eventually('north streams again', () => estate.standbysOf('east').includes('async'));
    await eventually('its cache is linked again', () => /master_link_status:up/.test(estate.redis('north', 'INFO', 'replication')));
  });

  test('pauses no replay that could then open no stream', async () => {
    estate.asAdministrator('north', 'select pg_wal_replay_pause()');
    await estate.kill('postgres-east');
    await change('north', 'database-detach');
    expect(await change('north', 'database-return')).toMatchObject({
      code: 0,
      out: expect.stringContaining('exception=the replay at north was paused before and is not now'),
    });
    await estate.startPostgres('east');
    await eventually('north streams again', () => estate.standbysOf('east').includes('async'));
  });
});

describe('a server that was stopped because something writes in it', () => {
  const stoppable = () => {
    const program = (name: string, words: string) => {
      writeFileSync(estate.path('east', 'shim', name), `#!/bin/sh\nexec ${pgBin}/pg_ctl -D ${estate.path('east', 'pg')} ${words}\n`, { mode: 0o755 });
      return estate.path('east', 'shim', name);
    };
    appendFileSync(
      estate.path('east', 'agent.conf'),
      `PG_STOP=${program('pg-stop', '-w -m fast stop')}\nPG_START=${program('pg-start', '-w -l /dev/null start')}\n`,
    );
  };
  const subscribe = () =>
    estate.sql(
      'east',
      "create subscription orders connection 'host=127.0.0.1 port=1' publication orders with (connect = false); alter subscription orders enable",
      'app',
    );

  test('tells its last position again when the reply was lost', async () => {
    stoppable();
    subscribe();
    const first = await change('east', 'database-close');
    expect(first).toMatchObject({
      code: 0,
      fields: { after: expect.stringContaining('stopped because'), last_lsn: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/) },
    });
    const again = await change('east', 'database-close');
    expect(again).toMatchObject({ code: 0, fields: { after: 'closed, and stopped', last_lsn: first.fields['last_lsn'] } });
  });

  test('is stopped again by a beat when somebody starts it, and stays so until it is opened', async () => {
    stoppable();
    subscribe();
    await change('east', 'database-close');
    await estate.startPostgres('east');
    expect(await fields('east', 'database-status')).toMatchObject({ running: 'yes', hba_closed: 'yes', writers: 'subscription orders' });
    await estate.beat('east');
    expect(await fields('east', 'database-status')).toMatchObject({ running: 'no' });
    expect(readFileSync(estate.path('east', 'state', 'changes.log'), 'utf8')).toMatch(/\trun-1\tbeat\tclosed\tclosed, and stopped because subscription orders/);
    expect(await change('east', 'database-open')).toMatchObject({ code: 0 });
    expect(clientWrite(estate, 'east')).toBe('accepted');
    await estate.beat('east');
    expect(clientWrite(estate, 'east')).toBe('accepted');
  });

  test('that cannot be stopped again is on record once, not at each beat', async () => {
    stoppable();
    subscribe();
    await change('east', 'database-close');
    await estate.startPostgres('east');
    writeFileSync(estate.path('east', 'shim', 'pg-stop'), '#!/bin/sh\necho no >&2\nexit 1\n', { mode: 0o755 });
    const record = () =>
      readFileSync(estate.path('east', 'state', 'changes.log'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('\tbeat\t'));
    for (const _ of [1, 2, 3]) await estate.beat('east');
    expect(record().map((line) => line.split('\t').slice(4, 6).join(' '))).toEqual([
      'begun ',
      expect.stringMatching(/^error .*the server was not stopped: no/),
    ]);
  });

  test('names its writer where nothing can stop it', async () => {
    subscribe();
    await change('east', 'database-close');
    expect(await fields('east', 'database-status')).toMatchObject({ hba_closed: 'yes', writers: 'subscription orders' });
  });
});

test('one that was closed while it was down is tried with the keys of customers when it is up', async () => {
  await estate.stopPostgres('east');
  await change('east', 'database-close');
  estate.startPostgresSilently('east');
  await eventually('it is up', () => estate.asAdministrator('east', 'select 1').trim() === '1');
  await change('east', 'database-close');
  expect(readFileSync(estate.path('east', 'state', 'keys'), 'utf8')).toContain('erlmcp\tapp');
});

test('a promotion that is asked for again names the slot that keeps WAL', async () => {
  estate.asAdministrator('east', "select pg_create_physical_replication_slot('west_slot')");
  estate.asAdministrator('west', "alter system set primary_slot_name = 'west_slot'");
  estate.asAdministrator('west', 'select pg_reload_conf()');
  const first = await change('west', 'database-promote');
  expect(first.fields['remaining']).toContain('The slot west_slot of west is used no more');
  expect((await change('west', 'database-promote')).fields['remaining']).toBe(first.fields['remaining']);
});

test('a time-out that is set for everybody cuts off nothing that the agent does', async () => {
  estate.asAdministrator('east', "alter role all set statement_timeout = '1ms'");
  await eventually('it came to the standbys', () => estate.asAdministrator('west', 'show statement_timeout').trim() === '1ms');
  await change('west', 'database-detach');
  await change('west', 'database-promote');
  expect(await change('north', 'database-follow west')).toMatchObject({ code: 0 });
});

test('a standby is known by its name in whatever case', async () => {
  const words = estate.asAdministrator('north', 'show primary_conninfo').trim().replace('application_name=north', 'application_name=NORTH');
  estate.asAdministrator('north', `alter system set primary_conninfo = '${words}'`);
  estate.asAdministrator('north', 'select pg_reload_conf()');
  await eventually(
    'north streams under it',
    () => estate.sql('east', "select count(*) from pg_stat_replication where application_name = 'NORTH'").trim() === '1',
  );
  expect(await change('north', 'database-detach')).toMatchObject({ code: 0 });
  expect(await change('north', 'database-return')).toMatchObject({ code: 0 });
  expect(await change('east', 'database-synchronous north')).toMatchObject({ code: 0, fields: { after: expect.stringMatching(/ANY 1 \("north"\)/) } });
});

test('a primary that will wait for nobody says so where its standbys read it, before it is so', async () => {
  expect((await change('east', 'database-synchronous north')).code).toBe(0);
  expect((await estate.beat('east')).code).toBe(0);
  const said = () => estate.sql('north', "select '<' || synchronous_standby_names || '>' from dr_heartbeat where site = 'east'", 'app').trim();
  await eventually('north has the heartbeat', () => said() === '<ANY 1 ("north")>');
  const alone = await change('east', 'database-synchronous none');
  expect(alone.fields).toMatchObject({ after: 'none', changed: 'yes' });
  expect(alone.fields['exception']).toBeUndefined();
  // No beat has come since: it is the verb that has left the mark.
  expect(said()).toBe('<>');
});

test('no password of replication stands on a command line', async () => {
  const words = estate
    .asAdministrator('north', 'show primary_conninfo')
    .trim()
    .replace(/passfile=\S+/, "password='test-only'");
  estate.asAdministrator('north', `alter system set primary_conninfo = '${words.replaceAll("'", "''")}'`);
  estate.asAdministrator('north', 'select pg_reload_conf()');
  const [folder, log] = [estate.path('north', 'shim'), estate.path('north', 'state', 'psql.log')];
  writeFileSync(join(folder, 'psql'), `#!/bin/sh\necho "$*" >>${log}\nexec ${pgBin}/psql "$@"\n`, { mode: 0o755 });
  symlinkSync(join(pgBin, 'pg_controldata'), join(folder, 'pg_controldata'));
  appendFileSync(estate.path('north', 'agent.conf'), `PG_BIN=${folder}\n`);
  expect(await change('north', 'database-follow west')).toMatchObject({ code: 0, fields: { after: 'following west' } });
  expect(readFileSync(log, 'utf8')).toContain('-d postgres');
  expect(readFileSync(log, 'utf8')).not.toContain('test-only');
});
