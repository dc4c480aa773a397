/**
 * Goal: what is served is switched only to what was tested, and goes back when it cannot be read. Method: a real nginx that serves the folder behind the link, with settings of each version that are
 * right, broken, or broken only when they are read by way of the link.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, symlinkSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { program } from '../../lab/setup/paths.ts';
import { freePort } from '../activities/aws/support.ts';
import { eventually } from '../site-agent/support.ts';
import { asOwner } from './host.ts';
import { FolderStore, TreeHost, treeOf, type VersionFiles } from './tree-host.ts';

const nginx = program('nginx');
const store = new FolderStore();
let host: TreeHost;
let port: number;

afterAll(() => store.stop());
beforeEach(async () => {
  await store.clear();
  host = new TreeHost(store);
  port = await freePort();
  host.configure({
    APPLICATION_TEST: `${nginx} -t -q -e stderr -c conf/nginx.conf -p`,
    APPLICATION_RELOAD: `${nginx} -s reload -e stderr -c conf/nginx.conf -p ${host.app('current')}`,
  });
});
afterEach(async () => {
  await endNginx();
  await host.end();
});

/** The application, with what nginx serves of it; `more` stands in a file that its settings name by way of the link. */
function application(text: string, { broken = '', more = '' } = {}): VersionFiles {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${host.folder}/temp_${name};`).join(' ');
  const server = `server { listen 127.0.0.1:${port}; root ${host.app('current')}/www; }`;
  const settings = `pid ${host.folder}/nginx.pid; error_log ${host.folder}/nginx.log; events {} http { access_log off; ${temp} ${broken} include ${host.app('current')}/conf/more.conf*; ${server} }\n`;
  return treeOf({ name: 'conf/nginx.conf', content: settings }, { name: 'conf/more.conf', content: more }, { name: 'www/index.html', content: text });
}

const pidFile = () => host.at('nginx.pid');
const served = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
const isServed = (text: string) => eventually(`${text} is served`, async () => (await served()) === text);

/** The first version is current, and nginx serves it. */
async function serves(text: string): Promise<void> {
  await store.put('v1', application(text));
  await host.restore('r.1', 'v1');
  // Nothing runs yet that could be told to read anew.
  const { APPLICATION_RELOAD = '' } = host.settings;
  host.configure({ APPLICATION_RELOAD: '/bin/true' });
  expect((await host.change('tree-switch application')).fields).toMatchObject({ after: 'switched', was: 'nothing' });
  host.configure({ APPLICATION_RELOAD });
  const [first, ...rest] = [...asOwner, nginx, '-e', 'stderr', '-c', 'conf/nginx.conf', '-p', host.app('current')];
  execFileSync(first, rest, { cwd: '/', stdio: 'ignore' });
  await isServed(text);
}

async function endNginx(): Promise<void> {
  // A test of settings leaves an empty file where nginx has never run.
  const pid = existsSync(pidFile()) ? Number(readFileSync(pidFile(), 'utf8')) : 0;
  if (pid === 0) return;
  process.kill(pid, 'SIGTERM');
  await eventually('nginx is gone', () => !existsSync(pidFile()));
}

const second = { epoch: 2, run: 'run-2' };
const restores = async (version: string, files: VersionFiles) => {
  await store.put(version, files);
  expect(await host.restore('r.2', version, second)).toMatchObject({ state: 'done' });
};
const switches = () => host.change('tree-switch application', 2, 'run-2');
const discards = () => host.change('tree-discard application', 2, 'run-2');

test('a version whose test is passed is served after the reload, and the one before after a discard', async () => {
  await serves('one');
  const before = host.inventory();
  await restores('v2', application('two'));
  expect(await served()).toBe('one');
  expect((await switches()).fields).toMatchObject({ before: 'proven', after: 'switched', current: 'v2', was: 'v1' });
  await isServed('two');
  expect((await discards()).fields).toMatchObject({ after: 'discarded', current: 'v1' });
  await isServed('one');
  expect(host.inventory().filter((line) => !line.startsWith('v2.discarded-run-2'))).toEqual(before);
});

test('a version whose settings are broken is refused by nginx itself, and what is current stays', async () => {
  await serves('one');
  await restores('v2', application('two', { broken: 'no_such_directive on;' }));
  const refused = await switches();
  expect(refused.code).toBe(65);
  expect(refused.fields['refused']).toMatch(
    /the test of the version v2 of application fails at west with exit 1: .*unknown directive "no_such_directive".*nothing was changed, and current is v1/,
  );
  expect(host.current()).toBe('v1');
  expect(await host.state()).toMatchObject({ stage: 'proven', current: 'v1' });
  expect(await served()).toBe('one');
});

test('settings that are broken only by way of the link are seen before the reload, and the link goes back', async () => {
  await serves('one');
  await restores('v2', application('two', { more: 'no_such_directive on;' }));
  const failed = await switches();
  expect(failed.code).toBe(1);
  expect(failed.fields['error']).toMatch(/the test with the version v2 of application fails .*unknown directive .*; current is v1 again/);
  expect(host.current()).toBe('v1');
  expect(await host.state()).toMatchObject({ stage: 'proven' });
  expect(await served()).toBe('one');
});

test('a reload that fails puts the link back and has what was there read again, and a repeat after that is mended switches', async () => {
  await serves('one');
  await restores('v2', application('two'));
  const { APPLICATION_RELOAD = '' } = host.settings;
  host.configure({ APPLICATION_RELOAD: host.program('reload', `readlink ${host.app('current')} >>${host.at('reloaded')}`, 'echo no such service', 'exit 5') });
  expect((await switches()).fields['error']).toMatch(
    /the reload with the version v2 of application fails at west with exit 5: no such service.*; current is v1 again/,
  );
  expect(readFileSync(host.at('reloaded'), 'utf8')).toBe('v2\nv1\n');
  expect(host.current()).toBe('v1');
  expect(await host.state()).toMatchObject({ stage: 'proven', current: 'v1' });
  host.configure({ APPLICATION_RELOAD });
  expect((await switches()).fields).toMatchObject({ after: 'switched', was: 'v1' });
  await isServed('two');
});

test('where there was nothing before, a reload that fails leaves no link', async () => {
  await store.put('v1', application('one'));
  await host.restore('r.1', 'v1');
  expect((await host.change('tree-switch application')).fields['error']).toMatch(/the reload with .*; current is nothing again/);
  expect(host.beside()).toEqual(['v1']);
});

test('whoever follows the link finds it at each moment', async () => {
  await serves('one');
  await restores('v2', application('two'));
  const reader = spawn('sh', [
    '-c',
    `while [ ! -f ${host.at('stop')} ]; do [ -f ${host.app('current')}/www/index.html ] || echo none >>${host.at('none')}; done`,
  ]);
  const gone = new Promise((resolve) => reader.once('exit', resolve));
  await switches();
  await discards();
  writeFileSync(host.at('stop'), '');
  await gone;
  expect(existsSync(host.at('none'))).toBe(false);
});

test('what somebody has switched since is neither switched over nor discarded', async () => {
  await serves('one');
  await restores('v2', application('two'));
  await switches();
  rmSync(host.app('current'));
  symlinkSync('v1', host.app('current'));
  for (const answer of [await switches(), await discards()]) expect(answer.fields['refused']).toContain('was switched to v1 since run run-2 switched it');
  expect(host.current()).toBe('v1');
});

test('a folder that is not the one that was proven is not switched to', async () => {
  await serves('one');
  await restores('v2', application('two'));
  renameSync(host.app('v2'), host.at('moved'));
  execFileSync('cp', ['-a', host.at('moved'), host.app('v2')]);
  expect((await switches()).fields['refused']).toContain('is not what run run-2 restored');
  expect(host.current()).toBe('v1');
});

test('killed after the link and before it could say so, a repeat says so, and a discard knows what was there before', async () => {
  await serves('one');
  await restores('v2', application('two'));
  // The reload ends the agent that called it, without a word.
  const { APPLICATION_RELOAD = '' } = host.settings;
  host.configure({ APPLICATION_RELOAD: host.program('reload', 'kill -9 $(ps -o ppid= -p $PPID) $PPID') });
  expect((await switches()).code).not.toBe(0);
  expect(await host.state()).toMatchObject({ stage: 'proven', current: 'v2' });
  host.configure({ APPLICATION_RELOAD });
  expect((await switches()).fields).toMatchObject({ before: 'proven', after: 'switched', current: 'v2', was: 'v1' });
  expect((await discards()).fields).toMatchObject({ after: 'discarded', current: 'v1' });
  await isServed('one');
});
