/** Goal: what an agent changes is on record, once; where nothing can be put on record, it says so when it is asked. Method: the script itself, as an account that is not root. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asServerUser, serverUser } from './estate.ts';
import { capacityShim, systemctlShim } from './support.ts';

let folder: string;
const state = () => join(folder, 'state');

beforeEach(() => {
  folder = mkdtempSync('/var/tmp/dr-agent-record-');
  chmodSync(folder, 0o755);
  for (const each of ['state', 'shim']) mkdirSync(join(folder, each));
  cpSync(fileURLToPath(new URL('../../site-agent/site-agent', import.meta.url)), join(folder, 'site-agent'));
  for (const [name, text] of Object.entries({ systemctl: systemctlShim, capacity: capacityShim }))
    writeFileSync(join(folder, 'shim', name), text, { mode: 0o755 });
  const conf = { SITE: 'west', STATE_DIR: state(), SYSTEMCTL: join(folder, 'shim', 'systemctl'), CAPACITY_COMMAND: join(folder, 'shim', 'capacity') };
  const lines = Object.entries(conf).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(join(folder, 'agent.conf'), lines.join(''));
  if (serverUser === 'postgres') execFileSync('chown', ['-R', 'postgres:postgres', folder]);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What it answers; a refusal or a failure is an answer. */
function agent(...words: readonly string[]): string {
  const [program, ...prefix] = [...asServerUser, join(folder, 'site-agent'), join(folder, 'agent.conf')];
  try {
    return execFileSync(program, [...prefix, ...words], { encoding: 'utf8', stdio: 'pipe', cwd: '/' });
  } catch (error) {
    return String((error as { readonly stdout?: unknown }).stdout);
  }
}

const setTo = (percent: string, run = 'run-1') => agent('capacity-set', '--epoch', '1', '--run', run, percent);

/** The record without its times. */
function record(): readonly string[] {
  const lines = readFileSync(join(state(), 'changes.log'), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => line.split('\t').slice(2).join(' ').trim());
}

test('what is tried again and again and comes to the same is on record once, until something else comes of it', () => {
  const changed = ['run-1 capacity-set 50 begun', 'run-1 capacity-set 50 35 % 50 %'];
  const nothingNew = ['run-1 capacity-set 50 begun', 'run-1 capacity-set 50 50 % 50 %'];
  for (const _ of [1, 2, 3, 4]) expect(setTo('50')).toContain('after=50 %');
  expect(record()).toEqual([...changed, ...nothingNew]);
  const failed = ['run-1 capacity-set much begun', 'run-1 capacity-set much error a capacity is a number of percent, not much'];
  for (const _ of [1, 2, 3]) expect(setTo('much')).toContain('error=');
  expect(record().slice(4)).toEqual(failed);
  // Somebody has set another one meanwhile: what comes of the next try is no repeat, nor is what comes after it.
  for (const _ of [1, 2]) setTo('50');
  writeFileSync(join(folder, 'shim', 'percent'), '20\n');
  for (const _ of [1, 2, 3]) setTo('50');
  expect(record().slice(6)).toEqual([...nothingNew, 'run-1 capacity-set 50 20 % 50 %', ...nothingNew]);
});

test('the same of another run is another one', () => {
  for (const run of ['run-1', 'run-1', 'run-1']) setTo('35', run);
  expect(record()).toEqual(['run-1 capacity-set 35 begun', 'run-1 capacity-set 35 35 % 35 %']);
  agent('capacity-set', '--epoch', '2', '--run', 'run-2', '35');
  expect(record().slice(2)).toEqual(['run-2 capacity-set 35 begun', 'run-2 capacity-set 35 35 % 35 %']);
});

test('a state folder that cannot be written is told when the verbs are asked for, and nothing is changed then', () => {
  const asked = ['service-stop', 'capacity-set'];
  expect(agent('check', ...asked)).toBe('site-agent=4\nready=service-stop\nready=capacity-set\n');
  chmodSync(state(), 0o555);
  try {
    const answer = agent('check', ...asked);
    for (const verb of asked) expect(answer).toContain(`refused=${verb}: ${state()} at west cannot be written`);
    expect(answer).not.toContain('ready=');
    expect(setTo('60')).toMatch(/^site-agent=4\nrefused=.* at west cannot be written/);
    const undo = agent('switch-reset', '--epoch', '1', '--run', 'run-1', 'east');
    expect(undo).toBe(
      `site-agent=4\nerror=the locks in ${state()} cannot be written; nothing was changed: free its disk, or give the agent's account the right to write there\n`,
    );
  } finally {
    chmodSync(state(), 0o755);
  }
  expect(agent('capacity-status')).toContain('percent=35');
});
