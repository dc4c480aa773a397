/**
 * Goal: whatever a restore of the cache meets, it refuses before anything changes, or fails and leaves what was set aside; none ends well with other keys than the set has. Method: a
 * set of a real Redis, a host with real servers, and programs before the host's own that spoil one thing at one moment.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../site-agent/support.ts';
import { CacheHost, CacheSource, endServers, keysOfSet, password } from './cache.ts';
import { asServer, owned } from './host.ts';

let source: CacheSource;
let host: CacheHost;
beforeAll(async () => {
  source = new CacheSource();
  await source.live();
}, 60_000);
afterAll(() => source.end());
beforeEach(() => {
  host = new CacheHost(source, 6105);
  mkdirSync(host.at('cache'));
  writeFileSync(host.at('cache', 'mine'), 'what was there before');
  owned(host.at('cache'));
});
afterEach(() => host.end());

const isUntouched = (folder = 'cache') => expect(readFileSync(host.at(folder, 'mine'), 'utf8')).toBe('what was there before');
const set = (name: string) => host.at('sets', `${name}.rdb`);

/** Refused by the look and by the restore itself, in the same words, with nothing changed. */
function isRefused(words: RegExp, name = 'first'): void {
  const looked = host.verb(`cache-look ${name}`);
  expect(looked.fields['refused']).toMatch(words);
  expect(looked.code).toBe(65);
  const started = host.start('r.1', name);
  expect(started.fields['refused']).toBe(looked.fields['refused']);
  expect(started.fields['refused']).toMatch(/nothing was (changed|started)/);
  expect(started.code).toBe(65);
  expect(host.beside()).toEqual(['cache']);
  isUntouched();
  expect(host.verb('job-watch r.1').fields['state']).toBe('none');
}

describe('before anything changes, a restore of the cache is refused', () => {
  test('of a set that is not there, with those that are', () => isRefused(/no set third of the cache that west can use; .* there are first second/, 'third'));
  test('of a set that is cut off', () => {
    writeFileSync(set('first'), readFileSync(set('first')).subarray(0, -100));
    isRefused(/set first cannot be restored at west: redis-check-rdb says Unexpected EOF/);
  });
  test('of a set with a byte that is not as it was written', () => {
    const bytes = readFileSync(set('first'));
    writeFileSync(set('first'), bytes.fill('x', bytes.indexOf('value77') + 5, bytes.indexOf('value77') + 6));
    isRefused(/set first cannot be restored at west: redis-check-rdb says RDB CRC error/);
  });
  test('of a set of a newer Redis', () => {
    writeFileSync(set('first'), readFileSync(set('first')).fill('0012', 5, 9));
    isRefused(/its format is version 12, which Redis 7.0.15 does not read/);
  });
  test('by a Redis that cannot prove it', () => {
    host.shim('redis-server', '[ "$1" != --version ] || exec echo "Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64"');
    isRefused(/Redis at west is version 6.2.14/);
  });
  test('on another host than its settings are for', () => {
    host.configure({ HOST: 'cache-of-another-site' });
    isRefused(/restore.conf of west is for cache-of-another-site/);
  });
  test('over a link', () => {
    symlinkSync(host.at('cache'), host.at('link'));
    host.configure({ CACHE_DIR: host.at('link') });
    isRefused(/CACHE_DIR of west is .*leads over a link/);
  });
  test.runIf(process.getuid?.() === 0)('where the disk has no room for it and for its append-only file', async () => {
    await host.makeSet('large', [`SET large ${'0123456789'.repeat(60_000)}`, 'CONFIG SET rdbcompression no']);
    mkdirSync(host.at('disk'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=755', 'tmpfs', host.at('disk')]);
    try {
      owned(host.at('disk'));
      host.configure({ CACHE_DIR: host.at('disk', 'cache') });
      host.configureServer([], 'redis.conf', host.at('disk', 'cache'));
      expect(host.verb('cache-look large').fields).toMatchObject({ ready: 'large', sets_aside: 'nothing' });
      host.configureServer(['appendonly yes'], 'redis.conf', host.at('disk', 'cache'));
      isRefused(/has \d+ bytes free, and \d+ are needed \(\d+ of the set and \d+ for its append-only file\)/, 'large');
    } finally {
      execFileSync('umount', ['--lazy', host.at('disk')]);
    }
  });
  test('where the configuration is one of a cluster', () => {
    host.configureServer(['cluster-enabled yes']);
    isRefused(/says cluster-enabled, and a cluster's slots are on several servers/);
  });
  test('where the configuration makes it a replica, also in a file that it includes', () => {
    host.configureServer([], 'more.conf');
    appendFileSync(host.at('more.conf'), 'ReplicaOf 192.0.2.1 6379\n');
    host.configureServer([`include "${host.at('more.conf')}"`]);
    isRefused(/makes it a replica, which would throw away what was restored/);
  });
  test('where the configuration has its data elsewhere, or cannot be read whole', () => {
    host.configureServer(['dir /var/lib/redis']);
    isRefused(/has its data in \/var\/lib\/redis, and CACHE_DIR is .*cache/);
    host.configureServer(['include /nowhere/more.conf']);
    isRefused(/cannot be read whole \(\/nowhere\/more.conf/);
  });
  test('where restore.conf names no cache', () => {
    host.configure({ CACHE_DIR: '' });
    for (const verb of ['cache-points', 'cache-look first', 'cache-state']) {
      expect(host.verb(verb)).toMatchObject({ code: 65, fields: { refused: expect.stringContaining('names no CACHE_DIR') } });
    }
    expect(host.start('r.1').fields['refused']).toContain('names no CACHE_DIR');
  });
  test('by an epoch that is old', async () => {
    expect(host.start('r.2', 'first', 2, 'run-2').code).toBe(0);
    expect(host.start('r.1')).toMatchObject({ code: 66, fields: { epoch: '2', holder: 'run-2' } });
    await host.ended('r.2');
  });

  describe('where a server runs in the folder', () => {
    beforeEach(() => host.startServer());
    test('and holds a key', () => {
      host.openly('-n', '5', 'SET', 'customer', '1');
      isRefused(/a server runs in .*cache at west .* and holds 1 keys; nothing was changed: stop it if they may be lost/);
      expect(host.openly('-n', '5', 'GET', 'customer')).toBe('1');
    });
    test('and is a replica', () => {
      host.openly('REPLICAOF', '192.0.2.1', '6379');
      isRefused(/and is a replica/);
    });
    test('and has a replica', async () => {
      mkdirSync(host.at('replica'));
      owned(host.at('replica'));
      const own = ['--port', '0', '--unixsocket', host.at('replica.socket'), '--dir', host.at('replica'), '--masterauth', password];
      asServer('redis-server', [...own, '--replicaof', '127.0.0.1', String(host.port), '--daemonize', 'yes']);
      await eventually('it follows', () => host.openly('INFO', 'replication').includes('connected_slaves:1'));
      isRefused(/and has 1 replicas/);
    });
    test('and answers nobody', () => {
      writeFileSync(host.at('password'), 'another\n');
      isRefused(/does not answer as that at 127.0.0.1 port 6105 \(NOAUTH .*, so that nobody can say what it holds/);
    });
    test.runIf(process.getuid?.() === 0)('of another account, at the same port', async () => {
      await endServers(host.folder);
      execFileSync('redis-server', [host.at('redis.conf'), '--daemonize', 'yes'], { cwd: '/' });
      await eventually('it answers', () => host.openly('PING') === 'PONG');
      host.openly('SET', 'customer', '1');
      isRefused(/of root\) and holds 1 keys/);
    });
    test('and is written to between the look and its end', async () => {
      // A customer's write comes just before the restore lets no more of them in.
      const write = `[ -f ${host.at('once')} ] || { touch ${host.at('once')}; $real -a ${password} -p ${host.port} SET customer 1 >/dev/null 2>&1; }`;
      host.shim('redis-cli', `case " $* " in *' CLIENT PAUSE '*) ${write} ;; esac`);
      expect(await host.restore('r.1')).toMatchObject({
        state: 'failed',
        last_line: expect.stringContaining('was written to while it was looked at; nothing was changed'),
      });
      expect(host.openly('SET', 'another', '1'), 'it takes writes again').toBe('OK');
      expect(host.openly('DBSIZE')).toBe('2');
      expect(host.beside()).toEqual(['cache']);
      isUntouched();
    });
  });
});

test('a server that holds nothing takes no write any more when it is stopped', async () => {
  await host.startServer();
  const write = `[ -f ${host.at('answer')} ] || timeout 1 $real -a ${password} -p ${host.port} SET customer 1 >${host.at('answer')} 2>/dev/null`;
  host.shim('redis-cli', `case " $* " in *' CONFIG SET save '*) ${write} ;; esac`);
  expect(await host.restore('r.1')).toMatchObject({ state: 'done' });
  expect(readFileSync(host.at('answer'), 'utf8'), 'of a write that would be lost').toBe('');
});

describe('a restore of the cache that goes wrong fails, and leaves what was set aside', () => {
  const fails = async (words: RegExp, stage: string, name = 'first') => {
    const ended = await host.restore('r.1', name);
    expect(ended['last_line']).toMatch(words);
    expect(ended['state']).toBe('failed');
    isUntouched('cache.before-run-1');
    expect(host.state()).toMatchObject({ stage });
    expect(host.servers()).toBe(0);
    for (const verb of ['cache-admit', 'cache-accept']) expect(host.change(verb).fields['refused']).toContain('not proven');
    expect(host.change('cache-discard').fields).toMatchObject({ after: 'discarded', changed: 'yes' });
    isUntouched();
  };
  /** Before its nth start from now on; starts are those with a file of settings. */
  const atStart = (nth: number, text: string) =>
    host.shim('redis-server', `case $1 in /*) echo >>${host.at('starts')}; [ "$(grep -c '' ${host.at('starts')})" != ${nth} ] || { ${text}; } ;; esac`);
  const dump = () => host.at('cache', 'dump.rdb');

  test('a copy that is not as the set is', async () => {
    host.shim('redis-check-rdb', `case $1 in *restoring*) printf x | dd of="$1" bs=1 seek=200 conv=notrunc 2>/dev/null ;; esac`);
    await fails(/could not restore the set first at west: redis-check-rdb says /, 'aside');
  });
  test('a server that has loaded something else than the set', async () => {
    atStart(1, `cp ${set('small')} ${dump()}`);
    await host.makeSet('small', ['SET small 1']);
    await fails(new RegExp(`has 1 keys with those whose time is over, and the set has ${keysOfSet}`), 'restored');
  });
  test('a server that has no room for all keys, and would throw some out', async () => {
    host.configureServer(['maxmemory 1200kb', 'maxmemory-policy allkeys-random']);
    await fails(/has thrown out \d+ keys of the set, since maxmemory/, 'restored');
  });
  test('a server that starts empty, since its append-only file is not there', async () => {
    host.configureServer(['appendonly yes']);
    atStart(2, `rm -r ${host.at('cache', 'appendonlydir')}`);
    await fails(/has 0 keys after a start, and had \d+ before it/, 'restored');
  });
  test('a server that has as many keys after a start, and other values', async () => {
    await host.makeSet('one', ['SET key one']);
    await host.makeSet('two', ['SET key two']);
    atStart(2, `cp ${set('two')} ${dump()}`);
    await fails(/holds something else after a start than before it \(digest /, 'restored', 'one');
  });
  test('and the same where only a sample can be compared', async () => {
    host.configureServer(['rename-command DEBUG ""']);
    await host.makeSet('one', ['HSET key field one', 'SET same 1']);
    await host.makeSet('two', ['HSET key field two', 'SET same 1']);
    atStart(2, `cp ${set('two')} ${dump()}`);
    await fails(/holds something else after a start than before it \(sample /, 'restored', 'one');
  });
  test('a server that dies while it is proven', async () => {
    host.shim('redis-cli', `case " $* " in *' DEBUG DIGEST '*) $real --no-auth-warning -s ${host.at('socket')} SHUTDOWN NOSAVE ;; esac`);
    await fails(/cannot be read to compare it|does not answer/, 'restored');
  });
  test('a password that the configuration does not ask for', async () => {
    writeFileSync(host.at('password'), 'another\n');
    await fails(/does not let its administrator in \(NOAUTH/, 'restored');
  });
  test('a server that somebody starts beside it', async () => {
    atStart(1, `$real ${host.at('redis.conf')} --daemonize yes >/dev/null`);
    await fails(/another server was started in .*cache at west beside the closed one: name in CACHE_START and CACHE_STOP what starts it/, 'restored');
  });
  test('a CACHE_START that reads other settings: it is stopped, and let in when that is mended', async () => {
    host.configureServer(['appendonly yes'], 'other.conf');
    const script = (name: string, line: string) => {
      writeFileSync(host.at(name), `#!/bin/sh\n${line}\n`);
      chmodSync(host.at(name), 0o755);
    };
    script('start', `redis-server ${host.at('other.conf')} --daemonize yes`);
    script('stop', `kill -s TERM $(redis-cli -a ${password} -p ${host.port} INFO server | tr -d '\\r' | sed -n 's/^process_id://p')`);
    host.configure({ CACHE_START: host.at('start'), CACHE_STOP: host.at('stop') });
    expect(await host.restore('r.1')).toMatchObject({ state: 'done' });
    expect(host.change('cache-admit').fields['error']).toMatch(/has 0 keys .* and \d+ were proven: .*; it was stopped: mend CACHE_START/);
    expect(host.servers()).toBe(0);
    expect(host.state()).toMatchObject({ stage: 'proven' });
    expect(readFileSync(dump())).toEqual(readFileSync(set('first')));
    script('start', `redis-server ${host.at('redis.conf')} --daemonize yes`);
    expect(host.change('cache-admit').fields).toMatchObject({ before: 'proven', after: 'admitted' });
    expect(host.openly('DBSIZE')).toBe(String(keysOfSet - 2));
  });
});

describe('a restore of the cache that is killed', () => {
  test('while it copies begins anew from what was set aside when it is repeated', async () => {
    host.shim('redis-check-rdb', `case $1 in *restoring*) ${host.gate} ;; esac`);
    host.start('r.1');
    await eventually('it is half-way', () => existsSync(host.at('cache.restoring-run-1', 'dump.rdb')));
    await host.killJob('r.1');
    expect(host.state()).toMatchObject({ state: 'absent', stage: 'aside', restored: 'no' });
    host.openGate();
    expect(await host.restore('r.2')).toMatchObject({ state: 'done' });
    expect(host.beside()).toEqual(['cache', 'cache.before-run-1']);
    isUntouched('cache.before-run-1');
  });
  test('while it is proven goes on from the copy when it is repeated', async () => {
    host.configureServer(['appendonly yes']);
    // The second digest is that of the server with its append-only file.
    host.shim('redis-cli', `case " $* " in *' DEBUG DIGEST '*) [ ! -f ${host.at('once')} ] || ${host.gate}; touch ${host.at('once')} ;; esac`);
    host.start('r.1');
    await eventually('it has its append-only file', () => host.closely('CONFIG', 'GET', 'appendonly').endsWith('yes') && host.closely('DBSIZE') !== '0');
    await host.killJob('r.1');
    expect(host.state()).toMatchObject({ state: 'running', restored: 'yes', stage: 'restored' });
    host.openGate();
    expect(await host.restore('r.2')).toMatchObject({ state: 'done' });
    expect(readFileSync(host.at('state', 'jobs', 'r.2', 'progress'), 'utf8')).not.toContain('restoring the set');
    expect(host.change('cache-admit').code).toBe(0);
    expect(host.openly('DBSIZE')).toBe(String(keysOfSet - 2));
    isUntouched('cache.before-run-1');
  });
});

describe('the job of the cache', () => {
  test('that is cancelled while it is proven leaves no server', async () => {
    host.shim('redis-cli', `case " $* " in *' DEBUG DIGEST '*) ${host.gate} ;; esac`);
    host.start('r.1');
    await eventually('it is loaded', () => host.closely('EXISTS', 'eternal') === '1');
    expect(host.change('job-cancel r.1').fields).toMatchObject({ before: 'running', after: 'cancelled' });
    expect(host.state()).toMatchObject({ state: 'stopped', stage: 'restored' });
    isUntouched('cache.before-run-1');
  });
  test('is found when it is started again, and nothing is decided while it runs', async () => {
    host.shim('redis-cli', `case " $* " in *' DEBUG DIGEST '*) ${host.gate} ;; esac`);
    expect(host.start('r.1').fields).toMatchObject({ before: 'none', after: 'running' });
    expect(host.start('r.1').fields).toMatchObject({ before: 'running', after: 'running', changed: 'no' });
    expect(host.start('r.2').fields['refused']).toContain('the job r.1 of run-1 runs at west');
    for (const verb of ['cache-discard', 'cache-accept', 'cache-admit']) expect(host.change(verb).fields['refused']).toContain('still runs');
    host.openGate();
    expect(await host.ended('r.1')).toMatchObject({ state: 'done' });
  });
  test('is carried out by nobody over SSH but by its verb', () => {
    expect(host.verb('cache-restore-run first').code).toBe(64);
    isUntouched();
  });
});

test('what another run restored of the cache is neither restored over nor let in', async () => {
  await host.restore('r.1');
  expect(host.start('r.2', 'first', 2, 'run-2').fields['refused']).toContain('what run run-1 restored at west stands there');
  expect(host.verb('cache-look first').fields, 'it is discarded before, and no reason to stand down').toMatchObject({ ready: 'first' });
  for (const verb of ['cache-admit', 'cache-accept']) expect(host.change(verb, 2, 'run-2').fields['refused']).toContain('run run-2 has restored nothing');
  expect(host.change('cache-admit').code, 'the older run').toBe(66);
  expect(host.start('r.3', 'second', 2, 'run-2').code).toBe(65);
  expect(host.change('cache-discard', 2, 'run-2').fields).toMatchObject({ after: 'discarded' });
  isUntouched();
  rmSync(host.at('cache.discarded-run-1'), { recursive: true });
});
