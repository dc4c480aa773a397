/** The transport against a real SSH server in this process, which can misbehave on demand, and against things that are no SSH server. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AgentClient } from '../../../activities/dependencies.ts';
import { attempt } from '../../../activities/attempt.ts';
import { keepTask } from '../../../activities/task.ts';
import { awaitWords } from '../../../activities/ssh/ready.ts';
import { createAgentPool, parseFields, type AgentPool } from '../../../activities/ssh/agent.ts';
import { siteAgent } from '../../../activities/ssh/programs.ts';
import type { Plan } from '../../../plan/schema.ts';
import { eventually } from '../../site-agent/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'dr-ssh-'));
const address = '127.119.0.22';
const run = { runId: 'run', execution: 'run@1', planDigest: 'plan', epoch: 7 };
let hostKey: string;
let fingerprint: string;
let server: ssh2.Server;
let port: number;
let pool: AgentPool;
let logins = 0;
const open = new Set<ssh2.Connection>();
const commands: string[] = [];
/** How the server answers: output and exit code, `hang`, or `break` off once. */
let answer: readonly [string, number] | 'hang' | 'break' = ['', 0];
/** What stands before the answer: the agent's own first line, as a rule. */
const ownLine = `site-agent=${siteAgent.version}\n`;
let before = ownLine;

beforeAll(async () => {
  for (const name of ['host', 'client', 'other']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  hostKey = readFileSync(join(folder, 'host'), 'utf8');
  fingerprint = printed('host');
  server = new ssh2.Server({ hostKeys: [hostKey] }, serve);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  before = ownLine;
  await pool.close();
});
afterAll(() => {
  for (const client of open) client.end();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One client of the server. */
function serve(client: ssh2.Connection): void {
  const allowed = ssh2.utils.parseKey(readFileSync(join(folder, 'client.pub'), 'utf8'));
  open.add(client);
  client.on('error', () => {});
  client.on('close', () => open.delete(client));
  client.on('authentication', (context) => {
    const known = !(allowed instanceof Error) && context.method === 'publickey' && context.key.data.equals(allowed.getPublicSSH());
    if (known) context.accept();
    else context.reject(['publickey']);
  });
  client.on('ready', () => (logins += 1));
  client.on('session', (accept) => {
    accept().on('exec', (acceptExec, reject, { command }) => {
      if (command === awaitWords) return reject(); // test/activities/ssh/ready.test.ts
      commands.push(command);
      const channel = acceptExec();
      if (answer === 'hang') return;
      if (answer === 'break') {
        answer = ['done=yes\n', 0];
        client.end();
        return;
      }
      channel.stderr.write('a warning of the host: site=north\n');
      channel.write(before + answer[0]);
      channel.exit(answer[1]);
      channel.end();
    });
  });
}

const printed = (name: string) => execFileSync('ssh-keygen', ['-lf', join(folder, `${name}.pub`)], { encoding: 'utf8' }).split(' ')[1] ?? '';

function agent(settings: { readonly hostKey?: string; readonly key?: string; readonly port?: number } = {}): AgentClient {
  commands.length = 0;
  const estate = {
    ssh: { user: 'dr', privateKey: `file:${settings.key ?? 'client'}`, connectTimeout: 'PT2S' },
    sites: { east: { agent: { host: address, port: settings.port ?? port, hostKey: settings.hostKey ?? fingerprint } } },
  };
  pool = createAgentPool({
    planOf: async () => ({ estate }) as unknown as Plan,
    secret: async (reference) => readFileSync(join(folder, reference.slice(5)), 'utf8').trim(),
    now: () => new Date(),
  });
  return pool.agent(run, 'east');
}

describe('an agent that answers', () => {
  test('is asked over one kept connection, twenty times at once', async () => {
    answer = ['site=east\nfile=a present\nfile=b missing\nnoise\nempty=\n', 0];
    const client = agent();
    const before = logins;
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.ask('files-status')));
    expect(logins - before).toBe(1);
    for (const each of answers) {
      if (!each.reachable) throw new Error(each.reason);
      expect(each.fields.get('site')).toBe('east');
      expect(each.fields.all('file')).toEqual(['a present', 'b missing']);
      expect(each.fields.find('empty')).toBeUndefined();
    }
  });

  test('is told run and epoch with each change', async () => {
    answer = ['changed=yes\n', 0];
    await agent().change('capacity-set', '100');
    expect(commands).toEqual(['capacity-set --epoch 7 --run run@1 100']);
  });

  test('is told of the order of the task, where there is one', async () => {
    answer = ['changed=yes\n', 0];
    const client = agent();
    const info = { activityId: '20', attempt: 3, workflowExecution: { workflowId: 'recovery/x', runId: 'abc' } };
    await new MockActivityEnvironment(info).run(() => client.change('capacity-set', '100'));
    expect(commands).toEqual(['capacity-set --epoch 7 --run run@1 --task abc:20003 100']);
  });

  test.each([
    [65, 'refused=the database is a primary', 'refused', 'the database is a primary. east is as it was. HINT: Do what the sentence says'],
    [66, 'epoch=9\nholder=run-2', 'stale-epoch', 'east has seen epoch 9 of run-2; this run holds 7. east is as it was.'],
    [1, 'error=the log is full; nothing was changed', 'permanent', 'failed at east: the log is full; nothing was changed. east is as it was. HINT'],
    [1, 'error=Redis is gone', 'permanent', 'database-promote failed at east: Redis is gone. What it had done before that stays done'],
    [
      127,
      'nothing of note',
      'permanent',
      'database-promote failed at east: a warning of the host: site=north. How far it came is not known: look at east itself.',
    ],
    [64, 'error=no such verb', 'permanent', 'database-promote failed at east: no such verb. east is as it was.'],
  ])('with exit code %i makes the failure of the catalogue', async (code, out, type, message) => {
    answer = [`${out}\n`, code];
    await expect(agent().change('database-promote')).rejects.toMatchObject({ type, nonRetryable: true, message: expect.stringContaining(message) });
  });

  test('is never sent a character that means something to a shell', async () => {
    await expect(agent().change('database-follow', 'east;id')).rejects.toMatchObject({
      type: 'refused',
      message: expect.stringContaining('Nothing was sent to east.'),
    });
    await expect(agent().ask('probe', '$(id)')).rejects.toMatchObject({ type: 'refused' });
    expect(commands).toEqual([]);
  });

  test('that breaks off is asked again on a new connection', async () => {
    answer = 'break';
    const fields = await agent().change('service-start');
    expect(fields.flag('done')).toBe(true);
    expect(commands).toHaveLength(2);
  });

  test('a connection that was closed meanwhile is made again', async () => {
    answer = ['site=east\n', 0];
    const client = agent();
    await client.ask('identify');
    for (const each of open) each.end();
    await eventually('the connection is closed', () => open.size === 0);
    expect(await client.ask('identify')).toMatchObject({ reachable: true });
  });
});

describe('what a login shell prints', () => {
  test('before the agent´s own first line is not the agent´s', async () => {
    before = `Welcome!\nsite=north\nsite-agent=old\n${ownLine}`;
    answer = ['site=east\nsite=west\n', 0];
    const told = await agent().ask('identify');
    expect(told.reachable && told.fields.all('site')).toEqual(['east', 'west']);
  });

  test.each([
    [
      'a text',
      'Welcome!\nsite=north\nchanged=yes\n',
      'its output began with "Welcome! site=north changed=yes", and beside it "a warning of the host: site=north"',
    ],
    ['nothing', '', 'its output began with nothing, and beside it'],
    ['a line that goes on', `x${ownLine}site=east\n`, 'its output began with "xsite-agent='],
  ])('instead of an agent (%s) is used for nothing', async (_what, said, words) => {
    [before, answer] = ['', [said, 0]];
    await expect(agent().ask('identify')).rejects.toMatchObject({
      type: 'permanent',
      message: expect.stringMatching(
        /^What answered identify at east is not a site agent of this version: .*Nothing of it was used\. HINT: Install the site agent/,
      ),
    });
    await expect(agent().ask('identify')).rejects.toThrow(words);
    await expect(agent().change('capacity-set', '100')).rejects.toThrow('whether anything was changed is not known: look at east itself.');
  });

  test.each([1, 64, 65, 66, 127])('and exit code %i is no answer of an agent either', async (code) => {
    [before, answer] = ['', ['refused=the database is a primary\nepoch=9\nholder=run-2\nerror=nothing was changed\n', code]];
    await expect(agent().change('database-promote')).rejects.toMatchObject({ type: 'permanent', message: expect.stringContaining('is not a site agent') });
  });
});

describe('a host with several keys', () => {
  let several: ssh2.Server;
  let connections = 0;
  const at = () => (several.address() as AddressInfo).port;

  beforeAll(async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-m', 'PEM', '-f', join(folder, 'rsa')]);
    execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-m', 'PEM', '-f', join(folder, 'ecdsa')]);
    several = new ssh2.Server({ hostKeys: ['host', 'ecdsa', 'rsa'].map((name) => readFileSync(join(folder, name), 'utf8')) }, (client) => {
      connections += 1;
      serve(client);
    });
    await new Promise<void>((resolve) => several.listen(0, address, resolve));
  });
  afterAll(() => several.close());

  test('is who the plan says when one of them is pinned; the next login asks for that one first', async () => {
    answer = ['site=east\n', 0];
    connections = 0;
    const client = agent({ hostKey: printed('rsa'), port: at() });
    expect(await client.ask('identify')).toMatchObject({ reachable: true });
    expect(connections).toBe(3);
    for (const each of open) each.end();
    await eventually('the connection is closed', () => open.size === 0);
    expect(await client.ask('identify')).toMatchObject({ reachable: true });
    expect(connections).toBe(4);
  });

  test('is another one when none of them is pinned, and all are named', async () => {
    const named = ['host', 'ecdsa', 'rsa'].map(printed).join(' and ');
    await expect(agent({ hostKey: printed('other'), port: at() }).ask('identify')).rejects.toMatchObject({
      type: 'host-key-changed',
      message: expect.stringContaining(`the host shows the keys ${named}, the plan has ${printed('other')}`),
    });
    expect(commands).toEqual([]);
  });
});

describe('an agent that cannot be trusted or reached', () => {
  test('another host key than the plan´s is refused before anything is sent', async () => {
    answer = ['site=east\n', 0];
    const client = agent({ hostKey: printed('other') });
    await expect(client.ask('identify')).rejects.toMatchObject({
      type: 'host-key-changed',
      nonRetryable: true,
      message: expect.stringContaining(`the host shows the key ${fingerprint}`),
    });
    await expect(client.change('service-stop')).rejects.toMatchObject({ type: 'host-key-changed' });
    expect(commands).toEqual([]);
  });

  test('a login that is refused says what to add', async () => {
    await expect(agent({ key: 'other' }).ask('identify')).rejects.toMatchObject({
      type: 'permanent',
      message: expect.stringContaining('authorized_keys at east'),
    });
  });

  test('a port that is closed is a value for a question, and transient for a change', async () => {
    const closed = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, address, () => {
        const free = (probe.address() as AddressInfo).port;
        probe.close(() => resolve(free));
      });
    });
    expect(await agent({ port: closed }).ask('identify')).toMatchObject({ reachable: false, reason: expect.stringContaining('ECONNREFUSED') });
    expect(await agent({ port: closed }).tryChange('service-stop')).toMatchObject({ reachable: false });
    await expect(agent({ port: closed }).change('service-stop')).rejects.toMatchObject({ type: 'transient', nonRetryable: false });
  });

  test('a host that drops some logins at random, as sshd does when it has too many, is tried again; one that drops all is not tried for long', async () => {
    let connections = 0;
    let drops = 3;
    const busy: Server = await new Promise((resolve) => {
      const listening = createServer((socket) => {
        connections += 1;
        socket.on('error', () => undefined);
        if (connections <= drops) return void socket.destroy();
        const onward = connect(port, address).on('error', () => undefined);
        socket.pipe(onward).pipe(socket);
      }).listen(0, address, () => resolve(listening));
    });
    answer = ['site=east\n', 0];
    const at = { port: (busy.address() as AddressInfo).port };
    expect(await agent(at).ask('identify')).toMatchObject({ reachable: true });
    expect(connections).toBe(4);
    await pool.close();
    [connections, drops] = [0, Infinity];
    expect(await agent(at).ask('identify')).toMatchObject({ reachable: false, reason: expect.stringContaining('Connection lost before handshake') });
    expect(connections).toBe(4);
    busy.close();
  });

  test('a black hole that accepts and says nothing costs the plan´s time-out, not more', async () => {
    const sockets: Socket[] = [];
    const hole: Server = await new Promise((resolve) => {
      const listening = createServer((socket) => sockets.push(socket)).listen(0, address, () => resolve(listening));
    });
    const started = performance.now();
    expect(await agent({ port: (hole.address() as AddressInfo).port }).ask('identify')).toMatchObject({
      reachable: false,
      reason: expect.stringMatching(/Timed out/),
    });
    expect(performance.now() - started).toBeLessThan(6_000);
    expect(sockets, 'not once for each kind of key').toHaveLength(1);
    for (const socket of sockets) socket.destroy();
    hole.close();
  });

  test('no verb that changes something is sent by a worker that was silent; one that only looks is', async () => {
    answer = ['changed=yes\n', 0];
    const looking = agent();
    await looking.ask('identify');
    vi.useFakeTimers({ toFake: ['Date'] });
    const changing = new MockActivityEnvironment({ heartbeatTimeoutMs: 5_000 }).run(async () => {
      const done = keepTask(Context.current());
      vi.setSystemTime(Date.now() + 4_000);
      await looking.ask('switch-status');
      return looking.change('switch-throw', 'east', 'west').finally(done);
    });
    const lost = { type: 'transient', message: expect.stringContaining('another may have been given its task') };
    await expect(changing).rejects.toMatchObject(lost);
    vi.useFakeTimers({ toFake: ['Date'] });
    const attempted = new MockActivityEnvironment({ heartbeatTimeoutMs: 5_000 }).run(async () => {
      const done = keepTask(Context.current());
      vi.setSystemTime(Date.now() + 4_000);
      return attempt(() => looking.tryChange('database-close')).finally(done);
    });
    await expect(attempted, 'it is no evidence about the site').rejects.toMatchObject(lost);
    vi.useRealTimers();
    expect(commands).toEqual(['identify', 'switch-status']);
  });

  test('a command that hangs ends by its time-out', async () => {
    answer = 'hang';
    const started = performance.now();
    expect(await agent().ask('identify')).toMatchObject({ reachable: false, reason: 'no answer within 7 s' });
    expect(performance.now() - started).toBeLessThan(12_000);
  });
});

test('an answer that lacks a line is an error that names it', () => {
  expect(() => parseFields(`${ownLine}a=1\n`, 'identify at east').get('epoch')).toThrow('The answer to identify at east has no line "epoch=".');
});
