/** Goal: words go to an agent that waits for them where there is one, and nothing is lost where there is none. Method: a real SSH server in this process, whose agents wait, are too old, or go away. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { SshConnection } from '../../../activities/ssh/connection.ts';
import { awaitWords, readyMax } from '../../../activities/ssh/ready.ts';
import type { CommandResult } from '../../../activities/ssh/running.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'dr-ready-'));
const address = '127.119.0.23';
let server: ssh2.Server;
let connection: SshConnection;
/** What the host does when it is asked for an agent that waits. */
let host: 'has one' | 'loses it as it is told' | 'knows no such verb' | 'opens no second session';
/** Agents that wait, and the words that came to them; and commands that were started with their words. */
let waiting: ssh2.ServerChannel[] = [];
let told: string[] = [];
let started: string[] = [];
let sessions = 0;
let answerLater: (() => void) | undefined;

beforeAll(async () => {
  for (const name of ['host', 'client']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  server = new ssh2.Server({ hostKeys: [readFileSync(join(folder, 'host'), 'utf8')] }, serve);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
});
beforeEach(() => {
  [host, waiting, told, started, sessions] = ['has one', [], [], [], 0];
  connection = new SshConnection({
    host: address,
    port: (server.address() as AddressInfo).port,
    hostKey: execFileSync('ssh-keygen', ['-lf', join(folder, 'host.pub')], { encoding: 'utf8' }).split(' ')[1] ?? '',
    user: 'dr',
    privateKey: readFileSync(join(folder, 'client'), 'utf8'),
    connectTimeoutMilliseconds: 2_000,
  });
});
afterEach(() => connection.close());
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function serve(client: ssh2.Connection): void {
  client.on('authentication', (context) => context.accept());
  client.on('error', () => {});
  client.on('session', (accept, reject) => {
    if (host === 'opens no second session' && sessions > 0) return reject();
    sessions += 1;
    const session = accept();
    session.on('close', () => (sessions -= 1));
    session.on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      channel.write('site-agent=4\n');
      if (command === 'hang') return;
      if (command === 'later') return void (answerLater = () => answer(channel, command));
      if (command !== awaitWords) {
        started.push(command);
        return answer(channel, command);
      }
      if (host === 'knows no such verb') return end(channel, 64);
      channel.write('waits=yes\n');
      waiting.push(channel);
      let words = '';
      channel.on('data', (data: Buffer) => (words += data.toString()));
      channel.on('end', () => {
        waiting.splice(waiting.indexOf(channel), 1);
        if (words === '') return end(channel, 0);
        told.push(words);
        channel.write(host === 'loses it as it is told' ? '' : 'heard=yes\n');
        if (host === 'loses it as it is told') return end(channel, 1);
        answer(channel, words.trim());
      });
    });
  });
}

function answer(channel: ssh2.ServerChannel, command: string): void {
  channel.write(`heard=${command}\n`);
  end(channel, 0);
}

function end(channel: ssh2.ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}

const ask = (command: string) => connection.run(command, 5_000);
const oneWaits = () => until('an agent waits', async () => (waiting.length > 0 ? true : undefined));

test('the first words start an agent, and the next ones find one that waits', async () => {
  expect(await ask('identify')).toMatchObject({ code: 0, stdout: 'site-agent=4\nheard=identify\n' });
  expect(started).toEqual(['identify']);
  const heard = await until('one that waits hears them', async () => {
    const said = await ask('epoch-claim --epoch 7');
    return told.length > 0 ? said : undefined;
  });
  expect(heard).toMatchObject({ code: 0, stdout: 'site-agent=4\nwaits=yes\nheard=yes\nheard=epoch-claim --epoch 7\n' });
  expect(told).toEqual(['epoch-claim --epoch 7\n']);
});

test('as many wait as were needed at once, and no more than a host has room for', async () => {
  await Promise.all(Array.from({ length: 12 }, (_, number) => ask(`verb-${number}`)));
  await until('they wait', async () => (waiting.length === readyMax ? true : undefined));
  expect(started).toHaveLength(12);
});

test('one that goes away while it waits, or as it is told, is no answer', async () => {
  await ask('identify');
  await oneWaits();
  for (const channel of waiting.splice(0)) end(channel, 1);
  expect(await ask('files-status')).toMatchObject({ code: 0, stdout: expect.stringContaining('heard=files-status') });
  host = 'loses it as it is told';
  told = [];
  const answers: CommandResult[] = [];
  await until('one has gone away as it was told', async () => {
    answers.push(await ask('cache-status'));
    return told.length > 0 ? true : undefined;
  });
  for (const each of answers) expect(each).toMatchObject({ code: 0, stdout: 'site-agent=4\nheard=cache-status\n' });
});

test('an older agent is started for each verb, as before', async () => {
  host = 'knows no such verb';
  for (const verb of ['identify', 'files-status', 'cache-status']) expect(await ask(verb)).toMatchObject({ stdout: `site-agent=4\nheard=${verb}\n` });
  expect(started).toEqual(['identify', 'files-status', 'cache-status']);
});

test('a host that opens one session at a time has it for the verb', async () => {
  host = 'opens no second session';
  for (const verb of ['identify', 'files-status', 'cache-status']) expect((await ask(verb)).stdout).toContain(`heard=${verb}\n`);
});

test('a command that gets no answer leaves those beside it under way, and the next one comes on a new connection', async () => {
  host = 'knows no such verb';
  const beside = connection.run('later', 10_000);
  await until('it is under way', async () => (answerLater ? true : undefined));
  await expect(connection.run('hang', 300)).rejects.toMatchObject({ during: 'silent' });
  expect(await ask('identify')).toMatchObject({ code: 0 });
  answerLater?.();
  expect(await beside).toMatchObject({ code: 0, stdout: 'site-agent=4\nheard=later\n' });
});

test('once it is closed nobody logs in again', async () => {
  await ask('identify');
  await connection.close();
  await expect(ask('identify')).rejects.toThrow('its connection was ended');
});
