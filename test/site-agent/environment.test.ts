/** Goal: the agent asks the server that its configuration names, whatever its account has in the environment, and knows a peer by each of its names. Method: real servers. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestEstate } from './estate.ts';
import { eventually, testNetwork } from './support.ts';

const estate = new TestEstate(testNetwork());

beforeAll(() => estate.start());
afterAll(() => estate.stop());

describe('what the account of the agent has for clients of its own', () => {
  const elsewhere = `127.${testNetwork()}.9.99`;
  test.each<Readonly<Record<string, string>>>([
    { PGHOST: elsewhere, PGPORT: '1', PGDATABASE: 'none', PGUSER: 'nobody' },
    { PGHOSTADDR: elsewhere },
    { PGPASSWORD: 'of another server' },
    { PGSERVICE: 'that is nowhere' },
    { PGOPTIONS: '-c statement_timeout=1ms' },
    { PGOPTIONS: '-c role=of_another_server' },
  ])('%o changes nothing', async (env) => {
    expect((await estate.verb('north', 'database-status', env)).fields).toMatchObject({ running: 'yes', follows: 'east' });
    const asked = 'check database-detach database-follow=west database-promote';
    expect((await estate.verb('north', asked, env)).out).toBe('site-agent=4\nready=database-detach\nready=database-follow=west\nready=database-promote\n');
    const closing = await estate.verb('east', 'check database-close', env);
    expect(closing.out).toBe('site-agent=4\nready=database-close\n');
    expect((await estate.verb('east', 'write-test', env)).fields).toMatchObject({ database_write: 'accepted' });
    expect((await estate.verb('west', 'probe east', env)).fields).toMatchObject({ database_ok: 'yes' });
  });
});

describe('a peer', () => {
  /** A spelling that only a resolver understands, as a name is one: no machine has a real name for this address. */
  const name = estate.address('east').replace(/^127/, '0x7f');

  test.each([
    ['its name, and the standby has its address', name, estate.address('east'), 'east'],
    ['its address, and the standby has its name', estate.address('east'), name, 'east'],
    ['an address that is none of the name that the standby has', `127.${testNetwork()}.9.98`, name, 'unknown'],
  ])('whose configuration has %s', async (_, configured, followed, seen) => {
    const conf = estate.path('north', 'agent.conf');
    const whole = readFileSync(conf, 'utf8');
    appendFileSync(conf, `PEER_east_PG_HOST=${configured}\n`);
    const words = `host=${followed} port=5432 user=dr_repl passfile=${estate.path('north', 'pgpass')} application_name=north`;
    estate.asAdministrator('north', `alter system set primary_conninfo = '${words}'`);
    estate.asAdministrator('north', 'select pg_reload_conf()');
    try {
      const sender = "select sender_host from pg_stat_wal_receiver where status = 'streaming'";
      await eventually('north streams that way', () => estate.asAdministrator('north', sender).trim() === followed);
      expect((await estate.verb('north', 'database-status')).fields).toMatchObject({ follows: seen });
    } finally {
      writeFileSync(conf, whole);
    }
  });
});

describe('an agent that waits for its words', () => {
  const waits = 'site-agent=4\nwaits=yes\n';
  const heard = `${waits}heard=yes\n`;

  test('does what they say, and no more than the first line', async () => {
    const answer = await estate.tellWaiting('north', 'check database-detach\ncheck database-promote\n');
    expect(answer).toMatchObject({ code: 0, out: `${heard}ready=database-detach\n` });
  });

  test('refuses in them what it refuses anywhere', async () => {
    expect(await estate.tellWaiting('north', 'identify;reboot\n')).toMatchObject({
      code: 65,
      out: expect.stringContaining(`${heard}refused=an argument holds`),
    });
    for (const own of ['beat', 'job-run 1'])
      expect(await estate.tellWaiting('north', `${own}\n`)).toMatchObject({ code: 64, out: expect.stringContaining('for this host itself') });
    expect(await estate.tellWaiting('north', 'await\n')).toMatchObject({ code: 64 });
    expect(await estate.tellWaiting('north', '\n')).toMatchObject({ code: 64, out: expect.stringContaining('no verb was given') });
  });

  test('ends when nobody wants anything', async () => {
    expect(await estate.tellWaiting('north', '')).toMatchObject({ code: 0, out: waits });
  });

  test('goes by agent.conf and the files that it names as they are when it is told', async () => {
    const [conf, auth] = [estate.path('north', 'agent.conf'), estate.path('north', 'redis-auth')];
    const [whole, password] = [readFileSync(conf, 'utf8'), readFileSync(auth, 'utf8')];
    const mend = () => {
      writeFileSync(conf, whole);
      writeFileSync(auth, password);
    };
    try {
      appendFileSync(conf, 'PG_MAINTENANCE_DATABASE=app\n');
      expect((await estate.tellWaiting('north', 'check database-close\n')).out).toContain('refused=database-close: agent.conf');
      expect((await estate.tellWaiting('north', 'check database-close\n', mend)).out).toBe(`${heard}ready=database-close\n`);
      writeFileSync(auth, 'of another server\n');
      expect((await estate.tellWaiting('north', 'cache-status\n')).fields).toMatchObject({ running: 'no' });
      expect((await estate.tellWaiting('north', 'cache-status\n', mend)).fields).toMatchObject({ running: 'yes', link: 'up' });
    } finally {
      mend();
    }
  });

  /** Shells read a script in blocks of this many bytes, or a few fewer. */
  const block = 8192;

  test.each(['/bin/sh', '/bin/bash'])('goes on by the text that it has when another is copied over it: %s', async (shell) => {
    const script = estate.path('north', 'site-agent');
    const whole = readFileSync(script, 'utf8');
    // A block ends a little after the words are read, and between two commands of the call.
    const text = whole.replace('#!/bin/sh\n', `#!${shell}\n`);
    const spare = (block - 1_500) - (text.indexOf('read -r words') % block); // prettier-ignore
    const padded = text.replace('\nset -uf\n', `\n#${'.'.repeat((spare + block) % block)}\nset -uf\n`);
    try {
      writeFileSync(script, padded);
      const answer = await estate.tellWaiting('north', 'check database-detach\n', () => writeFileSync(script, ')\n'.repeat(padded.length)));
      expect(answer).toMatchObject({ code: 0, out: `${heard}ready=database-detach\n` });
    } finally {
      writeFileSync(script, whole);
    }
  });
});
