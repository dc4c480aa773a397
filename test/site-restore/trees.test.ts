/**
 * Goal: a version of the application or of session data comes back whole, proven and under its own name, is made current by a link, and can be taken back, from both kinds of store.
 * Method: real curl, tar, openssl and nginx, the S3 API of the AWS emulator and a folder, archives made byte by byte, and the script with its settings.
 */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../site-agent/support.ts';
import { tar } from './archive.ts';
import { owned } from './host.ts';
import { FolderStore, S3Store, sha256, type Store, TreeHost, treeOf, version, type VersionFiles } from './tree-host.ts';

const first = treeOf({ name: './', kind: 'folder' }, { name: './bin/', kind: 'folder' }, { name: './bin/run', content: 'first', mode: 0o755 }, { name: './conf', content: 'of the first' }); // prettier-ignore
const second = treeOf({ name: 'bin/run', content: 'second', mode: 0o755 });

describe.each(['s3', 'folder'] as const)('from %s', (kind) => {
  let store: Store;
  let host: TreeHost;
  beforeAll(async () => {
    store = kind === 's3' ? await S3Store.start() : new FolderStore();
  }, 90_000);
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.clear();
    host = new TreeHost(store);
  });
  afterEach(() => host.end());

  describe('tree-points', () => {
    test('tells each version with its moment, the newest last, and why one cannot be used', async () => {
      const before = new Date(Date.now() - 2000).toISOString();
      await store.put('2026-02-01_a', first, new Date('2026-02-01T03:04:05.500Z'));
      await store.put('2026-02-02_b', second, new Date('2026-02-02T03:04:05Z'));
      const { SHA256SUMS: _left, ...cut } = second;
      await store.put('2026-02-03_c', cut);
      await store.put('2026-02-04_d', { SHA256SUMS: 'x' });
      await store.put('current', first);
      const { code, out, fields } = await host.verb('tree-points application');
      expect(code).toBe(0);
      expect(fields['clock']).toMatch(/^\d{4}-/);
      expect(fields['signatures']).toBe('not checked, since restore.conf names no APPLICATION_KEY');
      const sets = [...out.matchAll(/^set=(\S+) at=(\S+) bytes=(\d+) signed=no usable=(yes|no)$/gm)].map(([, ...words]) => words);
      expect(sets.map(([name, , bytes, usable]) => [name, bytes, usable]).slice(0, 2)).toEqual([
        ['2026-02-01_a', String(first['tree.tar.gz']?.length), 'yes'],
        ['2026-02-02_b', String(second['tree.tar.gz']?.length), 'yes'],
      ]);
      const [at = ''] = sets.map(([, moment]) => moment);
      if (kind === 'folder') expect(at).toBe('2026-02-01T03:04:05.500000Z');
      else expect(at > before && at.length === 27).toBe(true);
      expect(out).toMatch(/^unusable=2026-02-03_c it has no SHA256SUMS: it is being uploaded, or was cut off$/m);
      expect(out).toMatch(/^unusable=2026-02-04_d it has no archive/m);
      expect(out).toMatch(/^unusable=current no folder of a version is named like that$/m);
      expect(out).not.toMatch(/^set=(2026-02-03_c|current)/m);
    });

    test('of a store that cannot be read is an error, and no empty list', async () => {
      host.configure({ APPLICATION_FROM: kind === 's3' ? 's3://no-such-bucket/trees' : 'file:///no/such/folder' });
      const answer = await host.verb('tree-points application');
      expect(answer.code).toBe(1);
      expect(answer.fields['error']).toMatch(kind === 's3' ? /cannot be listed at west: it answered 404, NoSuchBucket; nothing was changed/ : /is no folder/);
    });
  });

  test('tree-look tells what would be needed, and what is current now', async () => {
    await store.put('v1', first);
    host.standing('by-hand');
    const looked = await host.verb('tree-look application v1');
    expect(looked.fields).toMatchObject({ ready: 'v1', bytes: String(first['tree.tar.gz']?.length), sets_aside: 'by-hand' });
    expect(Number(looked.fields['free_bytes'])).toBeGreaterThan(1_000_000);
  });

  test('a restore unpacks the version beside what is current, and proves it', async () => {
    host.standing('by-hand');
    await store.put('v1', first);
    expect(await host.restore('r.1', 'v1')).toMatchObject({
      state: 'done',
      job: 'restore-application',
      last_line: `restored v1 of application to ${host.app('v1')} and proven`,
    });
    expect(host.beside()).toEqual(['by-hand', 'current', 'v1']);
    expect(host.current()).toBe('by-hand');
    expect(readFileSync(host.app('v1', 'bin', 'run'), 'utf8')).toBe('first');
    expect(lstatSync(host.app('v1', 'bin', 'run')).mode & 0o7777).toBe(0o755);
    expect(lstatSync(host.app('v1', 'conf')).uid).toBe(lstatSync(host.app()).uid);
    const state = await host.state();
    expect(state).toMatchObject({ stage: 'proven', run: 'run-1', set: 'v1', current: 'by-hand', placed: 'v1', files: '2', folders: '1', bytes_unpacked: '17' });
    expect(state['archive_sha256']).toBe(sha256(first['tree.tar.gz'] ?? ''));
    expect(state['signature']).toBe('not checked, since restore.conf names no APPLICATION_KEY');
    expect(state['digest']).toMatch(/^[0-9a-f]{64}$/);
    expect(await host.restore('r.2', 'v1'), 'once more').toMatchObject({ state: 'done' });
  });

  test.each(['tree.tar', 'tree.tar.zst'])('an archive %s is unpacked as well, with blanks, line ends and quotes in its names', async (name) => {
    const names = ['with blank', 'with\nline end', 'say "yes"\\', 'tab\tand ümlaut', '-rf', '..not/..up'];
    const archive = tar(...names.map((each) => ({ name: each, content: each })));
    await store.put('v1', version(name === 'tree.tar' ? archive : zstdCompressed(archive), name));
    expect(await host.restore('r.1', 'v1')).toMatchObject({ state: 'done' });
    for (const each of names) expect(readFileSync(host.app('v1', each), 'utf8')).toBe(each);
    expect(await host.state()).toMatchObject({ files: '6', folders: '1' });
  });

  describe('with a key', () => {
    const ed25519 = generateKeyPairSync('ed25519');
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signed = (files: VersionFiles, key: KeyObject): VersionFiles => ({
      ...files,
      'SHA256SUMS.sig': sign(key.asymmetricKeyType === 'rsa' ? 'sha256' : null, Buffer.from(files['SHA256SUMS'] ?? ''), key),
    });
    const keyOf = ({ publicKey }: { publicKey: KeyObject }) => {
      writeFileSync(host.at('key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
      owned(host.at('key.pem'));
      host.configure({ APPLICATION_KEY: host.at('key.pem') });
    };

    test.each([
      ['Ed25519', ed25519],
      ['RSA', rsa],
    ])('%s, what is signed by it is restored, and what is not is refused before anything changes', async (_name, pair) => {
      keyOf(pair);
      await store.put('good', signed(first, pair.privateKey));
      await store.put('missing', first);
      await store.put('foreign', signed(first, generateKeyPairSync(pair === rsa ? 'rsa' : ('ed25519' as never), { modulusLength: 2048 } as never).privateKey as never)); // prettier-ignore
      await store.put('changed', { ...signed(first, pair.privateKey), ...second });
      const { out } = await host.verb('tree-points application');
      expect(out).toMatch(/^unusable=missing it has no SHA256SUMS\.sig, and APPLICATION_KEY wants one$/m);
      expect(out).toMatch(/^set=missing .* signed=no usable=no$/m);
      expect(out).toMatch(/^set=good .* signed=yes usable=yes$/m);
      for (const [set, words] of [
        ['missing', 'APPLICATION_KEY wants one'],
        ['foreign', 'is not by the key'],
        ['changed', 'is not by the key'],
      ] as const) {
        // prettier-ignore
        expect((await host.verb(`tree-look application ${set}`)).fields['refused']).toContain(words);
        expect(await host.start(`r.${set}`, set)).toMatchObject({ code: 65, fields: { refused: expect.stringContaining(words) } });
      }
      expect(host.beside()).toEqual([]);
      expect(await host.restore('r.1', 'good')).toMatchObject({ state: 'done' });
      expect((await host.state())['signature']).toBe(`checked by ${host.at('key.pem')}`);
    });

    test('that is none, everything is refused', async () => {
      writeFileSync(host.at('key.pem'), 'no key');
      host.configure({ APPLICATION_KEY: host.at('key.pem') });
      await store.put('good', signed(first, ed25519.privateKey));
      expect((await host.start('r.1', 'good')).fields['refused']).toContain('is no public key that openssl can read');
    });
  });
});

describe('whatever the store', () => {
  const store = new FolderStore();
  let host: TreeHost;
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.clear();
    host = new TreeHost(store);
  });
  afterEach(() => host.end());

  test('switched to, it is current in one step; discarded, all is as it was before', async () => {
    host.standing('by-hand');
    await store.put('v1', first);
    const before = host.inventory();
    await host.restore('r.1', 'v1');
    expect((await host.change('tree-switch application')).fields).toMatchObject({
      before: 'proven',
      after: 'switched',
      changed: 'yes',
      current: 'v1',
      was: 'by-hand',
    });
    expect((await host.change('tree-switch application')).fields).toMatchObject({ before: 'switched', after: 'switched', changed: 'no' });
    expect(readFileSync(host.app('current', 'bin', 'run'), 'utf8')).toBe('first');
    const discarded = await host.change('tree-discard application');
    expect(discarded.fields).toMatchObject({ before: 'switched', after: 'discarded', changed: 'yes', current: 'by-hand' });
    expect(discarded.out).toMatch(/^kept=v1\.discarded-run-1 \d+$/m);
    expect(discarded.fields['remaining']).toContain('remove it by hand');
    expect(host.inventory().filter((line) => !line.startsWith('v1.discarded-run-1'))).toEqual(before);
    expect((await host.change('tree-discard application')).fields).toMatchObject({ before: 'discarded', after: 'discarded', changed: 'no' });
    expect(await host.restore('r.2', 'v1')).toMatchObject({ state: 'done' });
  });

  test('where there was nothing, a discard leaves no link', async () => {
    await store.put('v1', first);
    await host.restore('r.1', 'v1');
    expect((await host.change('tree-switch application')).fields).toMatchObject({ was: 'nothing' });
    expect((await host.change('tree-discard application')).fields).toMatchObject({ current: 'nothing' });
    expect(host.beside()).toEqual(['v1.discarded-run-1']);
  });

  test('a version whose name stands there with other contents is put beside it, and one with the same is taken as it is', async () => {
    host.standing('v1');
    await store.put('v1', first);
    await store.put('v2', second);
    await host.restore('r.1', 'v1');
    expect(host.beside()).toEqual(['current', 'v1', 'v1.run-1']);
    expect(readFileSync(host.app('v1', 'mine'), 'utf8')).toBe('what was there before');
    expect((await host.change('tree-switch application')).fields).toMatchObject({ current: 'v1.run-1', was: 'v1' });
    await host.restore('r.2', 'v2', { epoch: 2, run: 'run-2' });
    await host.change('tree-switch application', 2, 'run-2');
    const before = host.inventory();
    await host.restore('r.3', 'v2', { epoch: 3, run: 'run-3' });
    expect((await host.state())['placed']).toBe('v2');
    expect(host.inventory()).toEqual(before);
    expect((await host.change('tree-switch application', 3, 'run-3')).fields).toMatchObject({ current: 'v2', was: 'v2' });
    expect((await host.change('tree-discard application', 3, 'run-3')).code).toBe(0);
    expect(host.inventory(), 'which was not its own').toEqual(before);
  });

  test('its configuration runs in the new folder before anything is served from it, and never in one that stood there', async () => {
    const configure = host.program('configure', 'echo "for $DR_SITE by $DR_RUN" >"$2/$1"');
    host.configure({ APPLICATION_CONFIGURE: `${configure} site.conf` });
    await store.put('v1', first);
    await host.restore('r.1', 'v1');
    expect(readFileSync(host.app('v1', 'site.conf'), 'utf8')).toBe('for west by run-1\n');
    expect((await host.state())['configured']).toBe(`by ${configure}`);
    await host.change('tree-switch application');
    host.configure({ APPLICATION_CONFIGURE: '' });
    // The same as in the archive, and a command that would change it.
    execFileSync('rm', [host.app('v1', 'site.conf')]);
    host.configure({ APPLICATION_CONFIGURE: `${configure} site.conf` });
    await host.restore('r.2', 'v1', { epoch: 2, run: 'run-2' });
    expect(existsSync(host.app('v1', 'site.conf'))).toBe(false);
    expect(existsSync(host.app('v1.run-2', 'site.conf'))).toBe(true);
  });

  test('a configuration that fails is told in its own words, and a repeat goes on from there', async () => {
    host.configure({ APPLICATION_CONFIGURE: host.program('configure', `[ -f ${host.at('mended')} ] || { echo 'no licence here' >&2; exit 3; }`) });
    await store.put('v1', first);
    const failed = await host.restore('r.1', 'v1');
    expect(failed).toMatchObject({ state: 'failed' });
    expect(failed['last_line']).toMatch(/failed at west with exit 3: no licence here; what is current is untouched/);
    expect(await host.state()).toMatchObject({ stage: 'restored' });
    expect((await host.change('tree-switch application')).fields['refused']).toContain('is restored and not proven');
    writeFileSync(host.at('mended'), '');
    expect(await host.restore('r.2', 'v1')).toMatchObject({ state: 'done' });
    expect(host.progress('r.2')).not.toContain('unpacking');
    expect(await host.state()).toMatchObject({ stage: 'proven', files: '2' });
  });

  test('trees, each of its own, are restored side by side by one run', async () => {
    const gate = `while [ ! -f ${host.at('gate')} ]; do sleep 0.05; done`;
    const configure = host.program('configure', gate);
    host.configure({ APPLICATION_CONFIGURE: configure, SESSIONS_CONFIGURE: configure });
    await store.put('v1', first);
    await host.start('r.app', 'v1');
    await host.start('r.sessions', 'v1', { tree: 'sessions' });
    for (const id of ['r.app', 'r.sessions']) await eventually(`${id} configures`, () => host.progress(id).includes('configuring'));
    for (const verb of ['tree-switch', 'tree-discard'])
      expect((await host.change(`${verb} application`)).fields['refused']).toContain('the restore r.app still runs');
    expect((await host.start('r.again', 'v1')).fields['refused']).toContain('the job r.app of run-1 runs at west');
    writeFileSync(host.at('gate'), '');
    expect(await host.ended('r.app')).toMatchObject({ state: 'done', job: 'restore-application' });
    expect(await host.ended('r.sessions')).toMatchObject({ state: 'done', job: 'restore-sessions' });
    expect(await host.state('sessions')).toMatchObject({ stage: 'proven', current: 'nothing' });
    expect(readdirSync(host.at('sessions'))).toEqual(['v1']);
  });

  test('runs are told apart by their epoch, and what one has not switched no other restores over', async () => {
    await store.put('v1', first);
    await store.put('v2', second);
    await host.restore('r.1', 'v1');
    expect((await host.start('r.2', 'v2')).fields['refused']).toContain('run run-1 has restored the version v1');
    const other = { epoch: 2, run: 'run-2' };
    expect((await host.start('r.2', 'v2', other)).fields['refused']).toContain('what run run-1 restored of application at west stands there');
    for (const verb of ['tree-switch', 'tree-discard'])
      expect(await host.change(`${verb} application`)).toMatchObject({ code: 66, fields: { epoch: '2', holder: 'run-2' } });
    expect(await host.start('r.3', 'v1')).toMatchObject({ code: 66 });
    expect((await host.change('tree-switch application', 2, 'run-2')).fields['refused']).toContain('run run-2 has restored nothing of application');
    expect((await host.change('tree-discard application', 2, 'run-2')).fields).toMatchObject({ before: 'proven', after: 'discarded' });
    expect(await host.restore('r.4', 'v2', other)).toMatchObject({ state: 'done' });
  });
});

function zstdCompressed(bytes: Buffer): Buffer {
  return execFileSync('zstd', ['-q', '-c'], { input: bytes });
}
