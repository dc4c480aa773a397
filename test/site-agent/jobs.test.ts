/** Goal: work of minutes or hours is carried out once, whatever becomes of those who asked for it, and ends as a whole. Method: the script itself, its settings and small programs. */
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asServerUser, serverUser } from './estate.ts';
import { answered, eventually } from './support.ts';

let folder: string;
const at = (...names: readonly string[]) => join(folder, ...names);
const jobFile = (id: string, name: string) => at('state', 'jobs', id, name);

/** Programs of the host, each a job of that name. `gate` is a file without which they go on no further. */
const programs: Readonly<Record<string, string>> = {
  copy: `echo "begun $*"; echo begun >>"$here/starts"
echo 'progress 10 40 first half' >"$DR_JOB_PROGRESS"
until [ -f "$here/gate" ]; do sleep 0.05; done
printf 'progress 40 40 the whole\\nprogress 99' >>"$DR_JOB_PROGRESS"; echo copied`,
  words: `env | sort; echo "arguments: $# $*"`,
  fails: `echo 'no space left on device' >&2; exit 7`,
  family: `sleep 1000 & (sleep 1000 & sleep 1000) & echo $$ >"$here/family"; wait`,
  stubborn: `trap '' TERM; echo $$ >"$here/family"; while :; do sleep 0.05; done`,
  setter: `sleep 1; : >"$here/set"; sleep 1`,
  chatty: `i=0; while [ $i -lt 1500 ]; do i=$((i + 1)); head -c 4000 /dev/zero | tr '\\0' x; echo; done; echo the end`,
};

beforeEach(() => {
  folder = mkdtempSync('/var/tmp/dr-agent-jobs-');
  chmodSync(folder, 0o755);
  mkdirSync(at('state'));
  cpSync(fileURLToPath(new URL('../../site-agent/site-agent', import.meta.url)), at('site-agent'));
  for (const [name, text] of Object.entries(programs)) writeFileSync(at(name), `#!/bin/sh\nhere=${folder}\n${text}\n`, { mode: 0o755 });
  const jobs = Object.keys(programs).map((name) => `JOB_${name}=${at(name)}`);
  writeFileSync(at('agent.conf'), `${['SITE=west', `STATE_DIR=${at('state')}`, ...jobs].join('\n')}\n`);
  if (serverUser === 'postgres') execFileSync('chown', ['-R', 'postgres:postgres', folder]);
});
afterEach(async () => {
  writeFileSync(at('gate'), '');
  const jobs = existsSync(at('state', 'jobs')) ? readdirSync(at('state', 'jobs')) : [];
  for (const id of jobs) change('job-cancel', [id], { epoch: 900, run: 'the-end' });
  for (const group of new Set(jobs.filter((id) => existsSync(jobFile(id, 'process'))).map(leader))) await gone(group);
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly fields: Readonly<Record<string, string>>;
}

function answerOf(code: number, out: string): Answer {
  const pairs = answered(out).flatMap((line) => (line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : []));
  return { code, out, fields: Object.fromEntries(pairs) };
}

/** As over SSH: the words are in the environment, and `env` is what the account has besides. */
function agent(words: readonly string[], env: Readonly<Record<string, string>> = {}): Answer {
  const [program, ...prefix] = [...asServerUser, at('site-agent'), at('agent.conf')];
  try {
    const all = { PATH: process.env['PATH'], ...env, SSH_ORIGINAL_COMMAND: words.join(' ') };
    return answerOf(0, execFileSync(String(program), prefix, { encoding: 'utf8', stdio: 'pipe', cwd: '/', env: all }));
  } catch (error) {
    const { status, stdout } = error as { readonly status: number; readonly stdout: unknown };
    return answerOf(status, String(stdout));
  }
}

interface By {
  readonly epoch?: number;
  readonly run?: string;
}
const change = (verb: string, words: readonly string[], { epoch = 1, run = 'run-1' }: By = {}) =>
  agent([verb, '--epoch', String(epoch), '--run', run, ...words]);
const start = (id: string, name: string, ...args: readonly string[]) => change('job-start', [id, name, ...args]);
const cancel = (id: string, by: By = {}) => change('job-cancel', [id], by);
const watch = (id: string, ...rest: readonly string[]) => agent(['job-watch', id, ...rest]).fields;
const ended = (id: string) => eventually(`${id} ended`, () => watch(id)['state'] !== 'running');
const openGate = () => writeFileSync(at('gate'), '');
const lines = (file: string) => readFileSync(file, 'utf8').trim().split('\n');
const leader = (id: string) => Number(lines(jobFile(id, 'process'))[0]?.split(' ')[0]);

/** Processes of a group that still live. */
function living(group: number): number {
  const all = execFileSync('ps', ['-A', '-o', 'pgid=,stat='], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => Number(line.trim().split(/\s+/)[0]) === group && !/\sZ/.test(line)).length;
}

/** One that has noted its end still puts its output away. */
const gone = (group: number) => eventually(`nothing of the group ${group} writes any more`, () => living(group) === 0);

describe('a job', () => {
  test('is told while it runs and after its end: bytes, times, exit code and its last line', async () => {
    expect(watch('r.copy.1')).toMatchObject({ state: 'none', bytes_done: '', last_line: '' });
    expect(start('r.copy.1', 'copy', 'from=east').fields).toMatchObject({ before: 'none', after: 'running', changed: 'yes' });
    await eventually('its first progress', () => watch('r.copy.1')['bytes_done'] === '10');
    const running = watch('r.copy.1');
    expect(running).toMatchObject({
      state: 'running',
      job: 'copy',
      run: 'run-1',
      bytes_all: '40',
      doing: 'first half',
      last_line: 'begun from=east',
      exit_code: '',
      ended_at: '',
    });
    expect(running['progress_age_seconds']).toMatch(/^1?\d$/);
    openGate();
    await ended('r.copy.1');
    const done = watch('r.copy.1');
    // What its program has written only half of a line is not read.
    expect(done).toMatchObject({ state: 'done', exit_code: '0', bytes_done: '40', doing: 'the whole', last_line: 'copied' });
    expect(Date.parse(done['ended_at'] ?? '')).toBeGreaterThanOrEqual(Date.parse(done['started_at'] ?? ''));
    expect(start('r.copy.1', 'copy', 'from=east').fields).toMatchObject({ before: 'done', after: 'done', changed: 'no' });
    expect(lines(at('starts'))).toHaveLength(1);
  });

  test('that fails says so, with its exit code and last line', async () => {
    start('r.fails.1', 'fails');
    await ended('r.fails.1');
    expect(watch('r.fails.1')).toMatchObject({ state: 'failed', exit_code: '7', last_line: 'no space left on device' });
  });

  test('is found when two start it at once, and carried out once', async () => {
    const words = ['job-start', '--epoch', '1', '--run', 'run-1', 'r.copy.1', 'copy'];
    const both = [1, 2, 3].map(() => {
      const [program, ...prefix] = [...asServerUser, at('site-agent'), at('agent.conf'), ...words];
      const child = spawn(String(program), prefix, { stdio: ['ignore', 'pipe', 'ignore'], cwd: '/' });
      return new Promise<string>((resolve) => {
        let out = '';
        child.stdout.on('data', (part) => (out += String(part)));
        child.on('close', () => resolve(out));
      });
    });
    const told = (await Promise.all(both)).map((out) => answerOf(0, out).fields);
    expect(told.map(({ after }) => after)).toEqual(['running', 'running', 'running']);
    expect(told.filter((fields) => fields['changed'] === 'yes')).toHaveLength(1);
    await eventually('it has begun', () => existsSync(at('starts')));
    expect(lines(at('starts'))).toHaveLength(1);
  });

  test('is carried out by the first process that comes up for it, and by no other', async () => {
    start('r.copy.1', 'copy');
    await eventually('it has begun', () => existsSync(at('starts')));
    const first = leader('r.copy.1');
    const [program, ...prefix] = [...asServerUser, at('site-agent'), at('agent.conf'), 'job-run', 'r.copy.1'];
    execFileSync(String(program), prefix, { stdio: 'ignore', cwd: '/', timeout: 10_000, killSignal: 'SIGKILL' });
    expect(leader('r.copy.1')).toBe(first);
    expect(lines(at('starts'))).toHaveLength(1);
    expect(agent(['job-run', 'r.copy.1']).code, 'nobody asks for it from outside').toBe(64);
  });

  test('goes on when the agent and its connection are gone, in a group and session of its own', async () => {
    const [program, ...prefix] = [...asServerUser, at('site-agent'), at('agent.conf'), 'job-start', '--epoch', '1', '--run', 'run-1', 'r.copy.1', 'copy'];
    const asked = spawn(String(program), prefix, { stdio: ['ignore', 'pipe', 'ignore'], cwd: '/', detached: true });
    await eventually('it runs', () => watch('r.copy.1')['state'] === 'running');
    try {
      process.kill(-Number(asked.pid), 'SIGHUP');
      process.kill(-Number(asked.pid), 'SIGKILL');
    } catch {
      // the agent had answered
    }
    const [sid, pgid] = execFileSync('ps', ['-o', 'sid=,pgid=', '-p', String(leader('r.copy.1'))], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    expect([Number(sid), Number(pgid)]).toEqual([leader('r.copy.1'), leader('r.copy.1')]);
    openGate();
    await ended('r.copy.1');
    expect(watch('r.copy.1')).toMatchObject({ state: 'done', last_line: 'copied' });
  });

  test('knows its id, run, epoch and site, and has nothing of what the account or the agent has', async () => {
    agent(['job-start', '--epoch', '4', '--run', 'failover/x@1', 'r.words.1', 'words', 'a=1', '2026-05-04T13:37:00Z'], {
      SECRET: 'of-the-account',
      PGPASSWORD: 'x',
    });
    await ended('r.words.1');
    const out = lines(jobFile('r.words.1', 'out.1'));
    expect(out.filter((line) => line.startsWith('DR_'))).toEqual([
      'DR_EPOCH=4',
      'DR_JOB_ID=r.words.1',
      `DR_JOB_PROGRESS=${jobFile('r.words.1', 'progress')}`,
      'DR_RUN=failover/x@1',
      'DR_SITE=west',
    ]);
    expect(out.filter((line) => /SECRET|^PG|SSH_|REDIS/.test(line))).toEqual([]);
    expect(out.at(-1)).toBe('arguments: 2 a=1 2026-05-04T13:37:00Z');
  });

  test('leaves the last of a long output, and no more of it than fits', async () => {
    start('r.chatty.1', 'chatty');
    await ended('r.chatty.1');
    await eventually('its output is written', () => watch('r.chatty.1')['last_line'] === 'the end');
    const sizes = ['out', 'out.1', 'out.2'].map((name) => (existsSync(jobFile('r.chatty.1', name)) ? readFileSync(jobFile('r.chatty.1', name)).length : 0));
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(3 * 256 * 4096);
    expect(sizes.reduce((sum, size) => sum + size)).toBeGreaterThan(256 * 1024);
  });

  test('is waited for as long as its watcher likes, and for 20 s at most', () => {
    start('r.copy.1', 'copy');
    const begun = performance.now();
    expect(watch('r.copy.1', '1')['state']).toBe('running');
    expect(performance.now() - begun).toBeGreaterThan(900);
    openGate();
    expect(watch('r.copy.1', '20')['state']).toBe('done');
    expect(agent(['job-watch', 'r.copy.1', '21']).code).toBe(64);
  });
});

describe('a cancel', () => {
  test('ends the whole group, and says what it left', async () => {
    start('r.family.1', 'family');
    await eventually('all of it runs', () => living(leader('r.family.1')) >= 6);
    const answer = cancel('r.family.1').fields;
    expect(answer).toMatchObject({ before: 'running', after: 'cancelled', changed: 'yes' });
    expect(answer['remaining']).toMatch(
      /^What the job family at west had written by then stays there as it is \(unknown of unknown bytes; its last line: .*\)\. Its output: /,
    );
    expect(living(leader('r.family.1'))).toBe(0);
    expect(watch('r.family.1')).toMatchObject({ state: 'cancelled', exit_code: '143' });
    expect(cancel('r.family.1').fields).toMatchObject({ before: 'cancelled', after: 'cancelled', changed: 'no' });
  });

  test('ends by KILL what does not end by TERM', async () => {
    start('r.stubborn.1', 'stubborn');
    await eventually('it runs', () => existsSync(at('family')));
    expect(cancel('r.stubborn.1').fields).toMatchObject({ after: 'cancelled' });
    expect(living(leader('r.stubborn.1'))).toBe(0);
  });

  test('leaves the end of what had ended as it was', async () => {
    start('r.fails.1', 'fails');
    await ended('r.fails.1');
    expect(cancel('r.fails.1').fields).toMatchObject({ before: 'failed', after: 'failed', changed: 'no' });
  });

  test('of one that has not begun keeps it from beginning, also by a start that comes late', () => {
    expect(cancel('r.copy.1').fields).toMatchObject({ before: 'none', after: 'cancelled' });
    expect(start('r.copy.1', 'copy').fields).toMatchObject({ before: 'cancelled', after: 'cancelled', changed: 'no' });
    expect(existsSync(at('starts'))).toBe(false);
  });
});

describe('a job whose process is gone without a result is lost', () => {
  test('after it was killed with all of its group', async () => {
    start('r.copy.1', 'copy');
    process.kill(-leader('r.copy.1'), 'SIGKILL');
    await ended('r.copy.1');
    expect(watch('r.copy.1')).toMatchObject({ state: 'lost', exit_code: '', ended_at: '' });
    expect(start('r.copy.1', 'copy').fields, 'people decide whether it is begun anew').toMatchObject({ before: 'lost', after: 'lost', changed: 'no' });
  });

  test('after a restart of the host, also where its number is another process now', async () => {
    start('r.copy.1', 'copy');
    const note = readFileSync(jobFile('r.copy.1', 'process'), 'utf8');
    writeFileSync(jobFile('r.copy.1', 'process'), note.replace(/ [0-9a-f-]{36}:/, ' 00000000-0000-0000-0000-000000000000:'));
    expect(watch('r.copy.1')['state']).toBe('lost');
    expect(cancel('r.copy.1').fields).toMatchObject({ before: 'lost', after: 'lost' });
    expect(living(leader('r.copy.1')), 'what is not its is left alone').toBeGreaterThan(0);
    const [pid = '', began = ''] = note.split(' ');
    writeFileSync(jobFile('r.copy.1', 'process'), note.replace(`${pid} ${began}`, `${pid} ${Number(began) + 1}`));
    expect(watch('r.copy.1')['state']).toBe('lost');
    writeFileSync(jobFile('r.copy.1', 'process'), note);
    expect(watch('r.copy.1')['state']).toBe('running');
  });
});

describe('a clock that is set forward by ten minutes', () => {
  /** What a note made before that looks like: its base is that of the clock of then. */
  const rebased = (text: string) => text.replace(/([0-9a-f-]{36}):(-?\d+)/, (_, boot: string, base: string) => `${boot}:${Number(base) - 600}`);
  const rewrite = (file: string, change: (text: string) => string) => writeFileSync(file, change(readFileSync(file, 'utf8')));
  const fewSeconds = /^1?\d$/;

  beforeEach(async () => {
    start('r.copy.1', 'copy');
    await eventually('its first progress', () => watch('r.copy.1')['bytes_done'] === '10');
  });

  test('moves the time of its start with it', () => {
    const before = watch('r.copy.1');
    rewrite(jobFile('r.copy.1', 'process'), rebased);
    const moved = Date.parse(watch('r.copy.1')['started_at'] ?? '') - Date.parse(before['started_at'] ?? '');
    expect(Math.abs(moved - 600_000), 'by whole seconds').toBeLessThanOrEqual(1_000);
  });

  test('while somebody waits for the end moves start and end alike', () => {
    const jumping = `date() { case "$*" in *-d*) command date "$@" ;; *) if [ -f ${at('set')} ]; then command date -d '+10 minutes' "$@"; else command date "$@"; fi ;; esac; }\n`;
    appendFileSync(at('agent.conf'), jumping);
    start('r.setter.1', 'setter');
    const { started_at = '', ended_at = '', state } = watch('r.setter.1', '20');
    expect(state).toBe('done');
    const took = Date.parse(ended_at) - Date.parse(started_at);
    expect(took, `${started_at} until ${ended_at}`).toBeGreaterThan(0);
    expect(took).toBeLessThan(120_000);
  });

  test('makes no progress old: neither one that was seen before, nor one that is seen after', () => {
    const wrote = (secondsAgo: number) => {
      const time = new Date(Date.now() - secondsAgo * 1000);
      utimesSync(jobFile('r.copy.1', 'progress'), time, time);
      return Math.floor(time.getTime() / 1000);
    };
    const mtime = wrote(600);
    const looked = Math.floor(Date.now() / 1000) - 600;
    rewrite(jobFile('r.copy.1', 'seen'), (text) => rebased(`${mtime} ${mtime} ${looked} ${text.trim().split(' ').at(-1)}\n`));
    expect(watch('r.copy.1')['progress_age_seconds']).toMatch(fewSeconds);
    wrote(620);
    for (const _ of ['the first look', 'the next']) expect(watch('r.copy.1')['progress_age_seconds']).toMatch(fewSeconds);
  });
});

describe('what may run', () => {
  const refusedFor = (name: string) => {
    const answer = start('r.x.1', name);
    expect(agent(['check', `job-start=${name}`]).fields['refused']).toBe(`job-start=${name}: ${answer.fields['refused']}`);
    expect(existsSync(at('state', 'jobs', 'r.x.1'))).toBe(false);
    expect(answer.code).toBe(65);
    return answer.fields['refused'];
  };
  const list = (line: string) => writeFileSync(at('agent.conf'), `${readFileSync(at('agent.conf'), 'utf8')}${line}\n`);

  test('is told by check, before anything is begun', () => {
    expect(agent(['check', 'job-start=copy']).out).toBe('site-agent=4\nready=job-start=copy\n');
    expect(existsSync(at('state', 'jobs'))).toBe(false);
  });

  test('stands in agent.conf, not in the environment', () => {
    expect(refusedFor('other-one')).toMatch(/^agent\.conf of west lists no job other-one, so that nothing was started: .* adds the line JOB_other_one=\/path/);
    const env = { JOB_other: at('copy'), JOB_copy: at('fails') };
    expect(agent(['job-start', '--epoch', '1', '--run', 'run-1', 'r.o.1', 'other'], env).fields['refused']).toMatch(/lists no job other,/);
    expect(refusedFor('Copy')).toMatch(/lists no job Copy/);
  });

  test('has a whole path, and is neither a link nor gone', () => {
    list('JOB_relative=bin/copy');
    expect(refusedFor('relative')).toMatch(/^JOB_relative in agent\.conf of west is bin\/copy, which is no whole path/);
    symlinkSync(at('copy'), at('link'));
    list(`JOB_link=${at('link')}\nJOB_gone=${at('gone')}`);
    expect(refusedFor('link')).toMatch(/which is a link or not there \(.*\/copy\): .* writes the program's own path/);
    expect(refusedFor('gone')).toMatch(/gone at west \(JOB_gone\) is no program that the agent's account may run/);
    chmodSync(at('copy'), 0o644);
    expect(refusedFor('copy')).toMatch(/is no program that the agent's account may run/);
  });

  test('is written by nobody but root and the agent, and so is each folder on the way to it', () => {
    chmodSync(at('copy'), 0o775);
    expect(refusedFor('copy')).toMatch(/\/copy at west \(JOB_copy\) may be written by others than its owner: root takes that away \(chmod go-w .*\/copy\)/);
    chmodSync(at('copy'), 0o755);
    chmodSync(folder, 0o757);
    expect(refusedFor('copy')).toContain(`${folder} at west (JOB_copy) may be written by others`);
    chmodSync(folder, 0o755);
    if (process.getuid?.() !== 0) return; // only root gives files away
    execFileSync('chown', ['nobody', at('copy')]);
    expect(refusedFor('copy')).toMatch(/belongs to another account than root and the agent's/);
  });

  test('takes no options, few arguments and no long ones', () => {
    expect(start('r.x.1', 'words', '--delete').fields['refused']).toMatch(/is no option, as --delete looks/);
    expect(start('r.x.1', 'words', ...Array.from({ length: 17 }, () => 'a')).fields['refused']).toMatch(/at most 16 arguments, not 17/);
    expect(start('r.x.1', 'words', 'a'.repeat(257)).fields['refused']).toMatch(/at most 256 letters, not 257/);
    expect(start('r.x.1', 'words', 'a;id').fields['refused']).toMatch(/characters that no argument/);
    for (const id of ['../r', '.r', 'a/b', 'a'.repeat(121)]) expect(start(id, 'words').code, id).toBe(64);
    expect(existsSync(at('state', 'jobs'))).toBe(false);
  });

  test('runs once at a time, and under one id with the same words', () => {
    start('r.copy.1', 'copy', 'a');
    expect(start('r.copy.1', 'copy', 'b').fields['refused']).toMatch(
      /^the job r\.copy\.1 at west is another one \(name=copy argument=a\); nothing was started/,
    );
    expect(refusedFor('copy')).toMatch(
      /^the job r\.copy\.1 of run-1 runs at west, and one copy at a time: wait for its end, or end it there \(.* job-cancel --epoch 1 --run run-1 r\.copy\.1\)/,
    );
  });
});

describe('an old run', () => {
  test('starts nothing, and cancels nothing, once a newer one has the site', () => {
    start('r.copy.1', 'copy');
    change('epoch-claim', [], { epoch: 2, run: 'run-2' });
    expect(start('r.words.1', 'words')).toMatchObject({ code: 66, fields: { epoch: '2', holder: 'run-2' } });
    expect(cancel('r.copy.1').code).toBe(66);
    expect(watch('r.copy.1')['state']).toBe('running');
    expect(cancel('r.copy.1', { epoch: 2, run: 'run-2' }).fields).toMatchObject({ after: 'cancelled' });
  });
});

describe('results', () => {
  /** So many jobs of an old run that have ended, the last of them so many days ago. */
  async function olderJobs(count: number, daysAgo: number): Promise<void> {
    start('r.copy.1', 'copy');
    await eventually('its first progress', () => watch('r.copy.1')['bytes_done'] === '10');
    start('r.fails.0', 'fails');
    await ended('r.fails.0');
    // What is copied must not change meanwhile.
    await gone(leader('r.fails.0'));
    const [, , , ...base] = lines(jobFile('r.copy.1', 'process'))[0]?.split(' ') ?? [];
    expect(base.length).toBeGreaterThan(0);
    const noted = lines(jobFile('r.copy.1', 'process'))[0]?.split(' ')[2];
    for (let n = 1; n <= count; n += 1) {
      cpSync(at('state', 'jobs', 'r.fails.0'), at('state', 'jobs', `r.fails.${n}`), { recursive: true });
      writeFileSync(jobFile(`r.fails.${n}`, 'ended'), `7 ${new Date(Date.now() - daysAgo * 86_400_000).toISOString()} ${noted}\n`);
    }
    if (serverUser === 'postgres') execFileSync('chown', ['-R', 'postgres:postgres', at('state')]);
  }
  const kept = () => readdirSync(at('state', 'jobs'));

  test('of this run are kept, and there is an end to how many it may have', async () => {
    await olderJobs(62, 90);
    expect(start('r.words.1', 'words').fields['refused']).toMatch(/^west has had 64 jobs of this run, and more are not kept; nothing was started/);
    expect(kept()).toHaveLength(64);
  });

  test('of older runs are kept by number and age, and what runs is never removed', async () => {
    await olderJobs(70, 1);
    for (const n of [1, 2, 3]) renameSync(at('state', 'jobs', `r.fails.${n}`), at('state', 'jobs', `r.old.${n}`));
    for (const n of [1, 2, 3]) writeFileSync(jobFile(`r.old.${n}`, 'ended'), readFileSync(jobFile(`r.old.${n}`, 'ended'), 'utf8').replace(/ \d{4}-/, ' 2020-'));
    change('job-start', ['s.words.1', 'words'], { epoch: 2, run: 'run-2' });
    expect(kept().length).toBeLessThanOrEqual(66);
    expect(kept()).toEqual(expect.arrayContaining(['r.copy.1', 's.words.1']));
    expect(kept().filter((id) => id.startsWith('r.old.'))).toEqual([]);
    expect(watch('r.copy.1')['state']).toBe('running');
  });
});
