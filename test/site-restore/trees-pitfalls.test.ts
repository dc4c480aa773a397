/**
 * Goal: whatever is in a store, and however it answers, nothing is unpacked that could harm the host, what is current stays so until something better stands there, and what breaks off goes
 * on. Method: archives made byte by byte, the S3 API of the AWS emulator behind a server that refuses and breaks off, a disk that is small, a real nginx.
 */
import { execFileSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../site-agent/support.ts';
import { sealed, tar, tarGz, withSize, type Member } from './archive.ts';
import { owned } from './host.ts';
import { FolderStore, isArchive, region, S3Store, sha256, TreeHost, treeOf, version } from './tree-host.ts';

const first = treeOf({ name: 'run', content: 'first' });
/** Which no packing makes small. */
const big = treeOf({ name: 'big', content: noise(3_000_000) });

describe('an archive', () => {
  const store = new FolderStore();
  let host: TreeHost;
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.clear();
    host = new TreeHost(store);
    host.standing('by-hand');
  });
  afterEach(() => host.end());

  /** The job fails in these words, and nothing of the archive is left beside what is current. */
  async function isNotUnpacked(words: RegExp, path?: string): Promise<void> {
    const ended = await host.restore('r.1', 'v1', path ? { path } : {});
    expect(ended['last_line']).toMatch(words);
    expect(ended['state']).toBe('failed');
    expect(host.beside()).toEqual(['by-hand', 'current']);
    expect(readdirSync(host.folder)).not.toContain('outside');
    expect((await host.change('tree-switch application')).fields['refused']).toContain('not proven');
    expect((await host.change('tree-discard application')).fields).toMatchObject({ after: 'discarded', current: 'by-hand' });
  }

  test.each<[string, Member, RegExp]>([
    ['a link', { name: 'evil', kind: 'link', to: 'run' }, /it has a link, "evil" -> "run"/],
    ['a link to elsewhere', { name: 'evil', kind: 'link', to: '../../outside' }, /it has a link/],
    ['a hard link', { name: 'evil', kind: 'hardLink', to: 'run' }, /it has a link, "evil" link to "run"/],
    ['a character device', { name: 'evil', kind: 'characterDevice' }, /it has a device/],
    ['a block device', { name: 'evil', kind: 'blockDevice' }, /it has a device/],
    ['a FIFO', { name: 'evil', kind: 'fifo' }, /it has a FIFO/],
    ['a set-user-id bit', { name: 'evil', mode: 0o4755 }, /it has a set-id bit at "evil"/],
    ['a set-group-id bit of a folder', { name: 'evil/', kind: 'folder', mode: 0o2755 }, /it has a set-id bit/],
    ['an absolute path', { name: '/outside' }, /it has an absolute path, "\/outside"/],
    ['a path with .. at its beginning', { name: '../../outside' }, /it has a path with \.\., /],
    ['a path with .. within', { name: 'a/../../../outside' }, /it has a path with \.\., /],
    ['a path that is ..', { name: '..', kind: 'folder' }, /it has a path with \.\., /],
    ['a name with a line end before a path with ..', { name: 'a\n-rw 0/0 1 2026-01-01 00:00 "b"/../../outside' }, /it has a path with \.\., /],
  ])('with %s is not unpacked, and nothing of it', async (_what, member, words) => {
    await store.put('v1', treeOf({ name: 'run', content: 'first' }, member));
    await isNotUnpacked(words);
  });

  test('with a kind of member that tar itself does not know is not unpacked', async () => {
    const bytes = tar({ name: 'run', content: 'first' }, { name: 'evil' });
    // In the second header.
    bytes.write('7', 1024 + 156);
    sealed(bytes, 1024);
    await store.put('v1', version(bytes, 'tree.tar'));
    await isNotUnpacked(/it has something that is neither file nor folder/);
  });

  test('that packs more than is allowed is not unpacked', async () => {
    host.configure({ APPLICATION_BYTES_MAX: '1000000' });
    await store.put('v1', treeOf({ name: 'run', content: 'first' }, { name: 'bomb', content: Buffer.alloc(100_000_000) }));
    await isNotUnpacked(/there is more than 1000000 bytes in it/);
  });

  test('that says it is larger than any number is not unpacked', async () => {
    await store.put('v1', version(gzipSync(withSize(tar({ name: 'bomb', content: 'x' }), 2n ** 64n - 1n))));
    await isNotUnpacked(/is not unpacked at west: (there is more than|tar cannot read it)/);
  });

  test('whose unpacking never ends is read no further than its bound', async () => {
    host.configure({ APPLICATION_BYTES_MAX: '1000000' });
    mkdirSync(host.at('bin'));
    writeFileSync(host.at('endless'), withSize(tar({ name: 'bomb' }).subarray(0, 512), 2n ** 60n));
    writeFileSync(host.at('bin', 'gzip'), `#!/bin/sh\ncat ${host.at('endless')} && exec cat /dev/zero\n`, { mode: 0o755 });
    await store.put('v1', first);
    await isNotUnpacked(/there is more than 1000000 bytes in it/, `${host.at('bin')}:${process.env['PATH']}`);
  });

  test('of more members than any application has is not unpacked', async () => {
    const member = tar({ name: 'empty' }).subarray(0, 512);
    await store.put('v1', version(gzipSync(Buffer.concat([...Array.from({ length: 200_001 }, () => member), Buffer.alloc(1024)]), { level: 1 })));
    await isNotUnpacked(/it has more than 200000 members/);
  });

  test.each([
    ['is cut off in its middle', tar({ name: 'run', content: noise(5000) }).subarray(0, 3000)],
    ['is none', Buffer.from(noise(5000))],
    ['is empty', Buffer.alloc(1024)],
  ])('that %s, though its checksum is right, is not unpacked', async (_what, bytes) => {
    await store.put('v1', version(bytes, 'tree.tar'));
    await isNotUnpacked(/tar cannot read it to its end/);
  });

  test('that is not as its checksum tells is taken away', async () => {
    await store.put('v1', { 'tree.tar.gz': tarGz({ name: 'run', content: 'other' }), SHA256SUMS: first['SHA256SUMS'] ?? '' });
    await isNotUnpacked(/has another checksum at west than its SHA256SUMS tells; it was taken away, and what is current is untouched/);
  });

  test.runIf(process.getuid?.() === 0)(
    'for which the disk has no room is refused before anything changes, and once more when it is known what is in it',
    async () => {
      rmSync(host.app(), { recursive: true });
      mkdirSync(host.app());
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=755', 'tmpfs', host.app()]);
      try {
        owned(host.app());
        host.standing('by-hand');
        await store.put('v1', treeOf({ name: 'big', content: noise(5_000_000) }));
        for (const answer of [await host.verb('tree-look application v1'), await host.start('r.0', 'v1')]) {
          expect(answer.code).toBe(65);
          expect(answer.fields['refused']).toMatch(/has \d+ bytes free, and \d+ are needed .* nothing was changed/);
        }
        await store.put('v1', treeOf({ name: 'zeros', content: Buffer.alloc(20_000_000) }));
        await isNotUnpacked(/20000000 bytes are in it, and .*app has \d+ free/);
      } finally {
        execFileSync('umount', ['--lazy', host.app()]);
      }
    },
  );
});

describe('before anything changes, a restore is refused', () => {
  const store = new FolderStore();
  let host: TreeHost;
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.clear();
    host = new TreeHost(store);
    await store.put('v1', first);
  });
  afterEach(() => host.end());
  const isRefused = async (words: RegExp, set = 'v1') => {
    for (const answer of [await host.verb(`tree-look application ${set}`), await host.start('r.1', set)]) {
      expect(answer.fields['refused']).toMatch(words);
      expect(answer.fields['refused']).toContain('nothing was changed');
      expect(answer.code).toBe(65);
    }
    expect((await host.verb('job-watch r.1')).fields['state']).toBe('none');
  };

  test('of a version that does not exist, with the newest that there are', () =>
    isRefused(/there is no version v2 of application that west can use in file:.*: the newest are: v1$/, 'v2'));
  test('of one that is being uploaded', async () => {
    await store.put('v2', { 'tree.tar.gz': first['tree.tar.gz'] ?? '' });
    await isRefused(/v2 of application cannot be restored at west: it has no SHA256SUMS/, 'v2');
  });
  test('of one whose checksums do not tell of its archive', async () => {
    await store.put('v2', { ...first, SHA256SUMS: `${sha256('x')}  other.tar.gz\n` });
    await isRefused(/has not one line for tree.tar.gz/, 'v2');
    await store.put('v2', { ...first, SHA256SUMS: String(first['SHA256SUMS']).repeat(2) });
    await isRefused(/has not one line for tree.tar.gz/, 'v2');
  });
  test('of one with two archives', async () => {
    await store.put('v2', { ...first, 'tree.tar': tar({ name: 'run' }) });
    await isRefused(/it has more than one archive/, 'v2');
  });
  test('on another host than its settings are for', async () => {
    host.configure({ HOST: 'app-of-another-site' });
    await isRefused(/restore.conf of west is for app-of-another-site/);
  });
  test('where current is no link', async () => {
    mkdirSync(host.app('current'));
    await isRefused(/current at west is no link/);
  });
  test('over a link, into a folder that is not there, or into that of another tree', async () => {
    renameSync(host.app(), host.at('elsewhere'));
    symlinkSync(host.at('elsewhere'), host.app());
    await isRefused(/is no folder by its own path without links/);
    rmSync(host.app());
    await isRefused(/is no folder by its own path without links/);
    host.configure({ APPLICATION_TO: host.at('sessions') });
    await isRefused(/for application and for sessions/);
  });
  test('where a folder of this run stands and none is on record', async () => {
    mkdirSync(host.app('v1.restoring-run-1'));
    expect((await host.start('r.1', 'v1')).fields['refused']).toContain('no restore of run run-1 is on record');
  });
  test('of a tree that is not named in its settings, and no file is made for it', async () => {
    for (const name of ['other', '../../outside', 'application/..']) {
      expect(await host.change(`tree-restore r.1 ${name} v1`)).toMatchObject({ code: 64 });
      expect(await host.change(`tree-discard ${name}`)).toMatchObject({ code: 64 });
    }
    expect(readdirSync(host.at('state')).filter((name) => name.startsWith('lock'))).toEqual([]);
  });
  test('with a test and no reload', async () => {
    host.configure({ APPLICATION_TEST: '/bin/true' });
    expect((await host.start('r.1', 'v1')).fields['error']).toContain('APPLICATION_TEST and APPLICATION_RELOAD both, or none');
  });
  test('by nobody over SSH but by its verb', async () => {
    expect((await host.verb('tree-run application v1')).code).toBe(64);
    expect(host.beside()).toEqual([]);
  });
});

describe('an object store', () => {
  let store: S3Store;
  let host: TreeHost;
  beforeAll(async () => {
    store = await S3Store.start();
  }, 90_000);
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.clear();
    host = new TreeHost(store);
  });
  afterEach(() => host.end());
  const credentialsOf = (text: string, mode = 0o600) => {
    rmSync(host.at('credentials'));
    writeFileSync(host.at('credentials'), text, { mode });
    owned(host.at('credentials'));
  };

  test('of more than 1,000 objects tells every version', async () => {
    const names = Array.from({ length: 520 }, (_each, index) => `v${1000 + index}`);
    const queue = [...names];
    const put = async () => {
      for (let name = queue.pop(); name; name = queue.pop()) await store.put(name, first);
    };
    await Promise.all([put(), put(), put(), put(), put(), put()]);
    const { out } = await host.verb('tree-points application');
    expect([...out.matchAll(/^set=(\S+) .* usable=yes$/gm)].map(([, name]) => name)).toEqual(expect.arrayContaining(names));
    expect(store.front.asked.filter((line) => line.includes('list-type=2'))).toHaveLength(2);
    expect((await host.verb('tree-look application v1519')).fields).toMatchObject({ ready: 'v1519' });
  });

  test('that checks signatures takes them; a wrong key is told as such, and is no empty list', async () => {
    await store.put('v1', first);
    const { id, secret } = await keyOf(store.moto.endpoint);
    // What is asked through another server would be signed for that.
    host.configure({ S3_ENDPOINT: store.moto.endpoint });
    await fetch(`${store.moto.endpoint}/moto-api/reset-auth`, { method: 'POST', body: '0' });
    try {
      credentialsOf(`${id}\nwrong${secret.slice(5)}\n`);
      for (const words of ['tree-points application', 'tree-look application v1']) {
        expect(await host.verb(words)).toMatchObject({
          code: 1,
          fields: { error: expect.stringMatching(/answered 403, SignatureDoesNotMatch; nothing was changed/) },
        });
      }
      credentialsOf(`${id}\n${secret}`);
      expect((await host.verb('tree-points application')).out).toMatch(/^set=v1 /m);
      expect(await host.restore('r.1', 'v1')).toMatchObject({ state: 'done' });
    } finally {
      await fetch(`${store.moto.endpoint}/moto-api/reset-auth`, { method: 'POST', body: 'inf' });
    }
  });

  test.each([
    ['that others can read', 'id\nsecret\n', 0o640, /can be read by others than its owner/],
    ['without a secret', 'id\n', 0o600, /holds no key/],
    ['with more than a key', 'id\nse"cret\n', 0o600, /holds no key/],
  ])('is not asked with a key %s', async (_what, text, mode, words) => {
    credentialsOf(text, mode);
    expect((await host.verb('tree-points application')).fields['refused']).toMatch(words);
    expect(store.front.asked).toEqual([]);
  });

  test('that answers something else than a list is an error', async () => {
    store.front.handler = (_asked, answer) => void answer.writeHead(200).end('<html>Please log in</html>');
    expect(await host.verb('tree-points application')).toMatchObject({ code: 1, fields: { error: expect.stringContaining('cannot be listed') } });
  });

  test('that is overloaded for a moment is asked again; one that stays so, or refuses, is an error', async () => {
    await store.put('v1', first);
    let left = 2;
    store.front.handler = (_asked, answer, pass) => (left-- > 0 ? void answer.writeHead(503).end(slowDown) : pass());
    expect((await host.verb('tree-points application')).out).toMatch(/^set=v1 /m);
    store.front.handler = (_asked, answer) => void answer.writeHead(503).end(slowDown);
    expect((await host.verb('tree-points application')).fields['error']).toContain('it answered 503, SlowDown; nothing was changed');
    store.front.handler = (_asked, answer) => void answer.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
    expect((await host.start('r.1', 'v1')).fields['error']).toContain('it answered 403, AccessDenied; nothing was changed');
  });

  test('that breaks off in the middle, is overloaded, and breaks off again, is asked for the rest', async () => {
    await store.put('v1', big);
    let times = 0;
    store.front.handler = (asked, answer, pass) => {
      if (!isArchive(asked)) return pass();
      times += 1;
      if (times === 2) return void answer.writeHead(503).end(slowDown);
      if (times === 4) return pass();
      return breakOff(asked.headers.range, answer, big['tree.tar.gz'] as Buffer, 1_000_000);
    };
    expect(await host.restore('r.1', 'v1')).toMatchObject({ state: 'done' });
    expect(readFileSync(host.app('v1', 'big')).length).toBe(3_000_000);
    const ranges = store.front.asked.filter((line) => line.includes('/tree.tar.gz')).map((line) => line.split(' ')[1]);
    expect(ranges).toEqual(['whole', 'bytes=1000000-', 'bytes=1000000-', 'bytes=2000000-']);
  });

  test('that refuses, or breaks off for ever, ends in failure; what came is kept for a repeat, and what is current is untouched', async () => {
    host.standing('by-hand');
    await store.put('v1', big);
    let broken = 0;
    store.front.handler = (asked, answer, pass) => {
      if (!isArchive(asked)) return pass();
      return broken++ === 0
        ? breakOff(undefined, answer, big['tree.tar.gz'] as Buffer, 1_000_000)
        : void answer.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
    };
    const failed = await host.restore('r.1', 'v1');
    expect(failed).toMatchObject({ state: 'failed' });
    expect(failed['last_line']).toMatch(/cannot be read at west: it answered 403 \(1000000 of \d+ bytes came, .*what is current is untouched/);
    expect(host.current()).toBe('by-hand');
    expect((await host.verb('tree-state application')).out).toMatch(/^kept=v1\.restoring-run-1\.archive 1000000$/m);
    store.front.reset();
    expect(await host.restore('r.2', 'v1')).toMatchObject({ state: 'done' });
    expect(store.front.asked.findLast((line) => line.includes('/tree.tar.gz'))).toContain('bytes=1000000-');
    expect(host.beside()).toEqual(['by-hand', 'current', 'v1']);
  });

  describe('while it sends', () => {
    /** The archive comes up to its middle, and no further before the gate is open. */
    const holds = () => {
      let open = () => {};
      const opened = new Promise<void>((resolve) => (open = resolve));
      store.front.handler = (asked, answer, pass) => {
        if (!isArchive(asked) || asked.headers.range) return pass();
        const bytes = big['tree.tar.gz'] as Buffer;
        answer.writeHead(200, { 'content-length': bytes.length });
        answer.write(bytes.subarray(0, 1_000_000));
        void opened.then(() => answer.end(bytes.subarray(1_000_000)));
      };
      return open;
    };
    // But for what curl has not yet written.
    const isHalfWay = () => eventually('half of it is there', () => /^progress 99\d{4} \d+ downloading$/m.test(host.progress('r.1')));

    test('no credential stands on a command line', async () => {
      credentialsOf('AKIAVISIBLE\nneverOnACommandLine\n');
      // curl itself takes a key off its line once it has read it.
      mkdirSync(host.at('bin'));
      writeFileSync(host.at('bin', 'curl'), `#!/bin/sh\nprintf '%s\\n' "$*" >>${host.at('lines')}\nexec /usr/bin/curl "$@"\n`, { mode: 0o755 });
      owned(host.folder);
      await store.put('v1', big);
      const open = holds();
      await host.start('r.1', 'v1', { path: `${host.at('bin')}:${process.env['PATH']}` });
      await isHalfWay();
      const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(commandLine); // prettier-ignore
      const lines = [...processes, ...readFileSync(host.at('lines'), 'utf8').split('\n')];
      expect(processes.filter((line) => line.includes(host.app())).length).toBeGreaterThan(0);
      expect(lines.filter((line) => /AKIAVISIBLE|neverOnACommandLine/.test(line))).toEqual([]);
      open();
      expect(await host.ended('r.1')).toMatchObject({ state: 'done' });
    });

    test('a job that is killed goes on, when it is repeated, from what has come', async () => {
      host.standing('by-hand');
      await store.put('v1', big);
      holds();
      await host.start('r.1', 'v1');
      await isHalfWay();
      await host.killJob('r.1');
      expect(await host.state()).toMatchObject({ stage: 'begun', current: 'by-hand' });
      // As though it had been killed while it unpacked, too.
      mkdirSync(host.app('v1.restoring-run-1'));
      writeFileSync(host.app('v1.restoring-run-1', 'half'), 'half');
      owned(host.app());
      expect(await host.restore('r.2', 'v1')).toMatchObject({ state: 'done' });
      expect(store.front.asked.findLast((line) => line.includes('/tree.tar.gz'))).toMatch(/ bytes=99\d{4}-$/);
      expect(readdirSync(host.app('v1'))).toEqual(['big']);
      expect(host.beside()).toEqual(['by-hand', 'current', 'v1']);
    });

    test('a job that is cancelled is discarded, and all is as it was', async () => {
      host.standing('by-hand');
      await store.put('v1', big);
      const before = host.inventory();
      holds();
      await host.start('r.1', 'v1');
      await isHalfWay();
      expect((await host.change('tree-discard application')).fields['refused']).toContain('the restore r.1 still runs at west');
      expect((await host.change('job-cancel r.1')).fields).toMatchObject({ before: 'running', after: 'cancelled' });
      expect((await host.change('tree-discard application')).fields).toMatchObject({ before: 'begun', after: 'discarded', current: 'by-hand' });
      expect(host.inventory()).toEqual(before);
    });
  });
});

const slowDown = '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>';

/** So many more bytes, and then the connection is gone. */
function breakOff(range: string | undefined, answer: ServerResponse, bytes: Buffer, more: number): void {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? '0');
  const headers = { 'content-length': bytes.length - from, ...(range ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}) };
  answer.writeHead(range ? 206 : 200, headers);
  answer.write(bytes.subarray(from, from + more), () => answer.destroy());
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** A key of the emulator that may read every bucket. */
async function keyOf(endpoint: string): Promise<{ readonly id: string; readonly secret: string }> {
  const call = async (parameters: Readonly<Record<string, string>>) => {
    const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/iam/aws4_request, SignedHeaders=host, Signature=none`;
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ Version: '2010-05-08', UserName: 'restorer', ...parameters }),
    });
    return answer.text();
  };
  await call({ Action: 'CreateUser' });
  const statement = { Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetObject'], Resource: '*' };
  await call({ Action: 'PutUserPolicy', PolicyName: 'read', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) });
  const text = await call({ Action: 'CreateAccessKey' });
  return { id: /<AccessKeyId>(.*?)</.exec(text)?.[1] ?? '', secret: /<SecretAccessKey>(.*?)</.exec(text)?.[1] ?? '' };
}

/** Bytes that look like chance and are the same each time. */
function noise(length: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(length));
}
