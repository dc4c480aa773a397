/** Goal: the line of `authorized_keys` that the check prints lets the worker in to the agent, and to nothing else. Method: a real sshd, and OpenSSH's own client. */
import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkAgent } from '../../../activities/access/agent.ts';
import { testNetwork } from '../../site-agent/support.ts';
import { HostPlace, hostSite } from '../../zoo/host-place.ts';

const run = { runId: 'run', execution: 'run@1', planDigest: 'library', epoch: 1 };
const place = new HostPlace(testNetwork());

beforeAll(() => place.start());
afterAll(() => place.stop());

/** The worker's key with another client: what it is asked for, and what comes of it. */
function ssh(...words: readonly string[]): { readonly status: number | null; readonly out: string; readonly error: string } {
  const { host, port } = place.plan.estate.sites[hostSite]!.agent;
  const trust = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentitiesOnly=yes', 'BatchMode=yes'].flatMap((option) => ['-o', option]);
  const login = ['-F', 'none', ...trust, '-i', place.path('worker_key'), '-p', String(port), '-l', place.plan.estate.ssh.user];
  const { status, stdout, stderr } = spawnSync('ssh', [...login, ...words.map((word) => (word === 'HOST' ? host : word))], {
    encoding: 'utf8',
    timeout: 20_000,
    input: '',
  });
  return { status, out: stdout, error: stderr };
}

test('it is printed where the login is refused, and then the agent answers', async () => {
  place.allow('');
  const agent = place.pool.agent(run, hostSite);
  const [refused] = await checkAgent(place.plan, hostSite, agent, place.privateKey());
  expect(refused).toMatchObject({ result: 'lacking', add: { where: expect.stringContaining('authorized_keys at gent') } });
  place.allow(refused?.add?.line ?? '');
  expect((await checkAgent(place.plan, hostSite, agent, place.privateKey())).map(({ result }) => result)).not.toContain('lacking');
});

test('with it the key runs no command, gets no terminal, forwards no port and reaches no file', () => {
  execFileSync('install', ['-m', '0600', place.path('client'), place.path('worker_key')]);
  expect(ssh('HOST', 'identify')).toMatchObject({ status: 0, out: expect.stringContaining('site=gent') });
  expect(ssh('HOST', 'id')).toMatchObject({ status: 64, out: expect.not.stringContaining('uid=') });
  expect(ssh('HOST', 'identify; id')).toMatchObject({ status: 65, out: expect.not.stringContaining('uid=') });
  expect(ssh('HOST').status, 'no shell').toBe(64);
  expect(ssh('-tt', 'HOST', 'identify').error).toContain('PTY allocation request failed');
  expect(ssh('-W', '127.0.0.1:1', 'HOST')).toMatchObject({ error: expect.stringContaining('administratively prohibited') });
  expect(ssh('-s', 'HOST', 'sftp').out).not.toMatch(/^\0/);
});
