/**
 * Goal: a set of a Redis is restored behind closed doors with exactly what is in it, survives a start with and without an append-only file, and is let in, accepted or discarded by
 * people. Method: real Redis servers, the script with its settings, and each way in which the site's own configuration keeps its data.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CacheHost, CacheSource, endServers, keysOfSet } from './cache.ts';
import { owned } from './host.ts';
import { Host, removeAll, Source } from './source.ts';

let source: CacheSource;
let host: CacheHost;
beforeAll(async () => {
  source = new CacheSource();
  await source.live();
}, 60_000);
afterAll(() => source.end());
beforeEach(() => {
  host = new CacheHost(source, 6104);
});
afterEach(() => host.end());

const keysAfter = keysOfSet - 1;
const sizes = 'return {redis.call("DBSIZE"), redis.call("TTL", "eternal"), redis.call("HGET", "hash", "field7")}';
const standing = () => {
  mkdirSync(host.at('cache'));
  writeFileSync(host.at('cache', 'mine'), 'what was there before');
  owned(host.at('cache'));
};
const isUntouched = (folder = 'cache') => expect(readFileSync(host.at(folder, 'mine'), 'utf8')).toBe('what was there before');

describe('cache-points', () => {
  test('tells each set with its moment, which is not before anything that it holds, its versions and its keys', () => {
    const { out, fields } = host.verb('cache-points');
    expect(fields).toMatchObject({ server_version: '7.0.15', clock: expect.stringMatching(/^\d{4}-/) });
    const lines = [...out.matchAll(/^set=(\S+) (.*)$/gm)].map(([, name, words = '']) => ({ name, ...Object.fromEntries(words.split(' ').map((word) => word.split('='))) })); // prettier-ignore
    expect(lines).toMatchObject([
      { name: 'first', version: '7.0.15', rdb: '10', keys: String(keysOfSet), usable: 'yes', bytes: String(statSync(host.at('sets', 'first.rdb')).size) },
      { name: 'second', usable: 'yes' },
    ]);
    for (const { name, at } of lines as readonly { name: string; at: string }[]) {
      expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z$/);
      expect(Date.parse(at)).toBeGreaterThanOrEqual(source.written[name] ?? Infinity);
      expect(Date.parse(at)).toBeLessThanOrEqual(statSync(source.at('sets', `${name}.rdb`)).mtimeMs + 1000);
    }
  });

  test('calls what is cut off, changed or of a newer Redis no set, and leaves out what is being written', () => {
    const bytes = readFileSync(host.at('sets', 'first.rdb'));
    const middle = bytes.indexOf('value77') + 5;
    writeFileSync(host.at('sets', 'cut.rdb'), bytes.subarray(0, -100));
    writeFileSync(host.at('sets', 'flipped.rdb'), Buffer.from(bytes).fill('x', middle, middle + 1));
    writeFileSync(host.at('sets', 'newer.rdb'), Buffer.from(bytes).fill('0099', 5, 9));
    writeFileSync(host.at('sets', 'empty.rdb'), '');
    renameSync(host.at('sets', 'second.rdb'), host.at('sets', 'second.rdb.part'));
    const { out } = host.verb('cache-points');
    expect(out).toMatch(/^unusable=cut redis-check-rdb says Unexpected EOF/m);
    expect(out).toMatch(/^set=cut .* keys=unknown usable=no$/m);
    expect(out).toMatch(/^unusable=flipped redis-check-rdb says RDB CRC error$/m);
    expect(out).toMatch(/^unusable=newer redis-check-rdb says that its format is version 99, which Redis 7.0.15 does not read$/m);
    expect(out).toMatch(/^unusable=empty /m);
    expect(out).not.toContain('second');
  });

  test('looks at a file again when it has changed', () => {
    expect(host.verb('cache-points').out).not.toContain('unusable=');
    const file = host.at('sets', 'first.rdb');
    const bytes = readFileSync(file);
    const middle = bytes.indexOf('value77') + 5;
    writeFileSync(file, bytes.fill('x', middle, middle + 1));
    expect(host.verb('cache-points').out).toContain('unusable=first ');
  });

  test('that cannot read the folder is an error, and no empty list', () => {
    rmSync(host.at('sets'), { recursive: true });
    const answer = host.verb('cache-points');
    expect(answer.code).toBe(1);
    expect(answer.fields['error']).toContain('cannot be read');
  });
});

describe('a restore', () => {
  test('has exactly the keys of the set behind closed doors, and its proof', async () => {
    standing();
    expect(host.verb('cache-look first').fields).toMatchObject({ ready: 'first', sets_aside: host.at('cache'), bytes: expect.stringMatching(/^\d+$/) });
    expect(await host.restore('r.1')).toMatchObject({ state: 'done', last_line: 'restored first and proven', job: 'restore-cache' });
    const state = host.state();
    expect(state).toMatchObject({ state: 'running', restored: 'yes', stage: 'proven', run: 'run-1', set: 'first' });
    expect(state).toMatchObject({
      keys_in_set: String(keysOfSet),
      keys_after: String(keysAfter),
      expired_since: '1',
      compared: 'digest',
      survived_restart: 'yes',
    });
    expect(state['digest_after']).toMatch(/^[0-9a-f]{40}$/);
    expect(state['digest_after']).toBe(state['digest_before']);
    expect(Number(state['used_memory'])).toBeGreaterThan(100_000);
    expect(host.openly('PING')).toBe('no answer');
    expect(host.closely('-n', '3', 'DBSIZE')).toBe('1');
    const [size, ttl, field] = host.closely('EVAL', sizes, '0').split('\n');
    expect([size, field]).toEqual([String(keysAfter - 1), '7']);
    expect(Number(ttl)).toBeGreaterThan(800_000_000);
    isUntouched('cache.before-run-1');
    expect(host.beside()).toEqual(['cache', 'cache.before-run-1']);
  });

  describe.each([
    ['without an append-only file', [], 'digest'],
    ['with an append-only file', ['appendonly yes', 'appenddirname logs'], 'digest'],
    ['with one, where CONFIG has another name', ['appendonly yes', 'rename-command CONFIG ""'], 'digest'],
    ['where DEBUG has another name', ['rename-command DEBUG ""'], 'sample'],
    ['with one, where both have', ['appendonly yes', 'rename-command CONFIG ""', 'rename-command DEBUG ""'], 'sample'],
  ] as const)('%s', (_how, lines, compared) => {
    test('is let in with all its keys, and has them after its own start', async () => {
      host.configureServer(lines);
      expect(await host.restore('r.1')).toMatchObject({ state: 'done' });
      expect(host.state()).toMatchObject({ compared, keys_in_set: String(keysOfSet), survived_restart: 'yes' });
      if (compared === 'sample') expect(Number(host.state()['keys_compared'])).toBeGreaterThan(250);
      expect(host.change('cache-admit').fields).toMatchObject({ before: 'proven', after: 'admitted', changed: 'yes', listens_at: '127.0.0.1 port 6104' });
      expect(host.change('cache-admit').fields).toMatchObject({ before: 'admitted', after: 'admitted', changed: 'no' });
      expect(host.openly('EVAL', sizes, '0').split('\n')[0]).toBe(String(keysAfter - 1));
      expect(host.openly('-n', '3', 'DBSIZE')).toBe('1');
      host.openly('SHUTDOWN');
      await host.startServer();
      expect(host.openly('DBSIZE')).toBe(String(keysAfter - 1));
    });
  });

  test('where the file of the set alone would start empty: the trap is real', async () => {
    host.configureServer(['appendonly yes']);
    mkdirSync(host.at('cache'));
    writeFileSync(host.at('cache', 'dump.rdb'), readFileSync(host.at('sets', 'first.rdb')));
    owned(host.at('cache'));
    await host.startServer();
    expect(host.openly('DBSIZE')).toBe('0');
    // What came up empty is stopped without a word to the file that it has not read.
    expect(await host.restore('r.1')).toMatchObject({ state: 'done' });
    expect(readFileSync(host.at('cache.before-run-1', 'dump.rdb'))).toEqual(readFileSync(host.at('sets', 'first.rdb')));
    expect(host.change('cache-admit').code).toBe(0);
    expect(host.openly('DBSIZE')).toBe(String(keysAfter - 1));
  });

  test('with a key whose time is over while it is proven is compared key by key', async () => {
    const gone = `[ "$($real --no-auth-warning -s ${host.at('socket')} EXISTS ending)" = 0 ]`;
    // The second digest is taken once the key is gone that the first one counted.
    host.shim(
      'redis-cli',
      `case " $* " in *' DEBUG DIGEST '*) [ ! -f ${host.at('once')} ] || until ${gone}; do sleep 0.05; done; touch ${host.at('once')} ;; esac`,
    );
    await host.makeSet('ending', ['SET lasting 1', `SET ending 1 PXAT ${Date.now() + 6000}`]);
    expect(await host.restore('r.1', 'ending')).toMatchObject({ state: 'done' });
    expect(host.state()).toMatchObject({ keys_in_set: '2', keys_after: '1', expired_since: '1', compared: 'sample', keys_compared: '1' });
  });
});

describe('people decide', () => {
  test('accepted, it runs on, is accepted again by whoever goes on, and is discarded no more', async () => {
    standing();
    await host.restore('r.1');
    expect(host.change('cache-accept').fields['refused']).toContain('proven and not admitted');
    host.change('cache-admit');
    expect(host.change('cache-accept').fields).toMatchObject({ before: 'admitted', after: 'accepted', changed: 'yes' });
    expect(host.change('cache-accept', 2, 'run-2').fields).toMatchObject({ before: 'accepted', after: 'accepted', changed: 'no' });
    expect(host.change('cache-discard', 2, 'run-2').fields['refused']).toContain('was accepted');
    host.openly('SHUTDOWN');
    expect(host.change('cache-accept', 2, 'run-2').fields, 'its host was started anew').toMatchObject({ after: 'accepted' });
    expect(host.openly('DBSIZE')).toBe(String(keysAfter - 1));
    isUntouched('cache.before-run-1');
  });

  test.each(['proven', 'admitted'])('discarded when it is %s, what was there before is back, and what stays is told with its bytes', async (stage) => {
    standing();
    await host.restore('r.1');
    if (stage === 'admitted') host.change('cache-admit');
    const discarded = host.change('cache-discard');
    expect(discarded.fields).toMatchObject({ before: stage, after: 'discarded', changed: 'yes', remaining: expect.stringContaining('takes room') });
    expect(discarded.out).toMatch(/^kept=cache\.discarded-run-1 \d+$/m);
    isUntouched();
    expect(host.servers()).toBe(0);
    expect(host.openly('PING')).toBe('no answer');
    expect(host.beside()).toEqual(['cache', 'cache.discarded-run-1']);
    expect(host.change('cache-discard').fields).toMatchObject({ before: 'discarded', after: 'discarded', changed: 'no' });
    expect(await host.restore('r.2', 'second')).toMatchObject({ state: 'done' });
    expect(host.closely('EXISTS', 'newer')).toBe('1');
  });

  test('a server that ran and held nothing is stopped for the restore, and runs again when that is discarded', async () => {
    mkdirSync(host.at('cache'));
    owned(host.at('cache'));
    await host.startServer();
    expect(host.verb('cache-look first').fields).toMatchObject({ ready: 'first' });
    expect(await host.restore('r.1')).toMatchObject({ state: 'done' });
    expect(host.openly('PING')).toBe('no answer');
    expect(host.change('cache-discard').fields).toMatchObject({ after: 'discarded' });
    expect(host.openly('PING')).toBe('PONG');
    expect(host.openly('DBSIZE')).toBe('0');
    expect(host.beside()).toEqual(['cache', 'cache.discarded-run-1']);
  });
});

describe('of one run with the database', () => {
  let database: Source;
  let both: Host;
  beforeAll(async () => {
    database = new Source('files');
    await database.live();
  });
  beforeEach(() => {
    both = new Host(database);
    const cache = { CACHE_DIR: both.at('cache'), CACHE_BACKUPS: host.at('sets'), CACHE_CONF: host.at('redis.conf'), CACHE_PORT: '6104' };
    const settings = { ...cache, CACHE_PASSFILE: host.at('password') };
    host.configureServer([], 'redis.conf', both.at('cache'));
    both.toolWaits();
    both.configure({ PG_BIN: both.at('bin'), ...settings });
  });
  afterEach(async () => {
    await endServers(both.at('cache'));
    await both.end();
  });
  afterAll(async () => removeAll(database.folder));

  async function restoreBoth(): Promise<void> {
    expect(both.start('r.database', database.after[4] ?? '').code).toBe(0);
    expect(both.change('cache-restore r.cache first').code).toBe(0);
    expect(await both.ended('r.cache')).toMatchObject({ state: 'done' });
    expect(both.verb('job-watch r.database').fields).toMatchObject({ state: 'running', job: 'restore-database' });
    expect(both.change('database-discard').fields['refused']).toContain('r.database still runs');
    expect(both.change('cache-admit').fields).toMatchObject({ after: 'admitted' });
  }

  async function endDatabase(): Promise<void> {
    writeFileSync(both.at('gate'), '');
    expect(await both.ended('r.database')).toMatchObject({ state: 'done' });
    expect(both.rows()).toBe('1 2 3 4');
  }

  test('it is restored side by side, and what is decided of one leaves the other', async () => {
    await restoreBoth();
    expect(both.change('cache-accept').fields).toMatchObject({ after: 'accepted' });
    await endDatabase();
    expect(both.change('database-discard').fields).toMatchObject({ before: 'proven', after: 'discarded' });
    expect(both.verb('cache-state').fields).toMatchObject({ state: 'running', stage: 'accepted', run: 'run-1' });
    expect(readdirSync(both.folder)).not.toContain('cache.discarded-run-1');
  }, 120_000);

  test('it is accepted with the database: a run that goes on from there finds nothing that nobody accepted', async () => {
    await restoreBoth();
    await endDatabase();
    expect(both.change('database-accept').fields).toMatchObject({ after: 'accepted' });
    expect(both.verb('cache-state').fields).toMatchObject({ state: 'running', stage: 'accepted', run: 'run-1' });
    expect(both.change('cache-discard', 2, 'run-2').fields['refused']).toContain('was accepted');
  }, 120_000);
});
