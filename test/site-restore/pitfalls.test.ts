/**
 * Goal: whatever a restore meets, it refuses before anything changes, or fails and leaves what was set aside; none ends well with other data than was asked for. Method: one backup
 * by the tool `files` of a real PostgreSQL, whose copy at the host is spoiled in a different way by each test.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../site-agent/support.ts';
import { pgBin } from '../site-agent/estate.ts';
import { owned } from './host.ts';
import { endServer, Host, removeAll, Source } from './source.ts';

let source: Source;
let host: Host;
beforeAll(async () => {
  source = new Source('files');
  // What the set brings along of the lost primary, and must not count.
  await source.live({
    settings: ["recovery_target_action='pause'", "shared_preload_libraries='auto_explain'", "synchronous_standby_names=''"],
  });
}, 60_000);
afterAll(() => removeAll(source.folder));
beforeEach(() => {
  host = new Host(source);
  mkdirSync(host.at('pg'));
  writeFileSync(host.at('pg', 'mine'), 'what was there before');
  owned(host.at('pg'));
});
afterEach(() => host.end());

const at = (row: number) => source.after[row] ?? '';
const base = (...names: readonly string[]) => host.at('backups', 'base', 'first', ...names);
const isUntouched = (folder = 'pg') => expect(readFileSync(host.at(folder, 'mine'), 'utf8')).toBe('what was there before');
const later = (moment: string, seconds: number) => new Date(Date.parse(moment) + seconds * 1000).toISOString();

/** Refused by the look and by the restore itself, in the same words, with nothing changed. */
function isRefused(words: RegExp, point = at(2)): void {
  const looked = host.verb(`database-look ${source.set} ${point}`);
  expect(looked.fields['refused']).toMatch(words);
  expect(looked.code).toBe(65);
  const started = host.start('r.1', point);
  expect(started.fields['refused']).toBe(looked.fields['refused']);
  expect(started.fields['refused']).toContain('nothing was changed');
  expect(started.code).toBe(65);
  expect(host.beside()).toContain('pg');
  expect(host.beside().filter((name) => name.includes('run-1'))).toEqual([]);
  expect(host.verb('job-watch r.1').fields['state']).toBe('none');
}

describe('before anything changes, a restore is refused', () => {
  test('to a point before the end of the set, with the earliest that there is', () => {
    isRefused(/ends after .*the nearest that there is of this set is \d{4}-/, later(at(1), -60));
    isUntouched();
  });
  test('to a point in the future, with the latest that there is', () => {
    const latest = / latest=(\S+)/.exec(host.verb('points').out)?.[1];
    isRefused(new RegExp(`ends before .* the nearest that there is of this set is ${latest}$`), later(at(6), 3600));
  });
  test('of a set that is not there', () => {
    const answer = host.verb(`database-look second ${at(2)}`);
    expect(answer.fields['refused']).toContain('there are first');
  });
  test('of another cluster', () => {
    host.configure({ PG_SYSTEM_IDENTIFIER: '7000000000000000001' });
    isRefused(/is of another cluster/);
  });
  test('on another host than its settings are for', () => {
    host.configure({ HOST: 'db-of-another-site' });
    isRefused(/restore.conf of west is for db-of-another-site/);
  });
  test('of another major version', () => {
    writeFileSync(base('PG_VERSION'), '14\n');
    isRefused(/is of PostgreSQL 14, and west has 15/);
  });
  test('of a set with an old recovery.conf, or over one', () => {
    writeFileSync(base('recovery.conf'), "restore_command = 'cp'\n");
    isRefused(/has a recovery.conf/);
    rmSync(base('recovery.conf'));
    writeFileSync(host.at('pg', 'recovery.conf'), '');
    isRefused(/has a recovery.conf, as before version 12/);
  });
  test('of a set that is still being made, has no label, or whose end nobody knows', () => {
    for (const [file, words] of [
      [base('backup_manifest'), /no backup_manifest/],
      [base('backup_label'), /no backup_label/],
      [history(), /no history file/],
    ] as const) {
      renameSync(file, host.at('away'));
      isRefused(words);
      renameSync(host.at('away'), file);
    }
  });
  test('where a server runs in the folder', async () => {
    rmSync(host.at('pg'), { recursive: true });
    execFileSync('cp', ['-a', source.at('pg'), host.at('pg')]);
    appendFileSync(host.at('pg', 'postgresql.conf'), `\nunix_socket_directories='${host.folder}'\narchive_mode=off\n`);
    const asOwner = process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : ['env'];
    execFileSync(asOwner[0] ?? '', [...asOwner.slice(1), join(pgBin, 'pg_ctl'), '-D', host.at('pg'), '-l', host.at('state', 'log'), '-w', 'start'], {
      cwd: '/',
    });
    isRefused(/a server runs in .* stop it if it may be lost/);
    await endServer(host.at('pg'));
    // What a killed server leaves says nothing of one that runs.
    expect(host.verb(`database-look first ${at(2)}`).code).toBe(0);
  });
  test('over a link', () => {
    renameSync(host.at('pg'), host.at('elsewhere'));
    symlinkSync(host.at('elsewhere'), host.at('pg'));
    isRefused(/leads over a link/);
  });
  test.runIf(process.getuid?.() === 0)('where the disk has no room for it', () => {
    withDisk('20m', () => isRefused(/has \d+ bytes free, and \d+ are needed/));
  });
  test('by an epoch that is old', () => {
    expect(host.start('r.2', at(2), 2, 'run-2').code).toBe(0);
    const stale = host.start('r.1', at(2));
    expect(stale).toMatchObject({ code: 66, fields: { epoch: '2', holder: 'run-2' } });
  });
});

describe('a restore that goes wrong fails, and leaves what was set aside', () => {
  const fails = async (words: RegExp, stage = 'restored') => {
    const ended = await host.restore('r.1', at(2));
    expect(ended['last_line']).toMatch(words);
    expect(ended['state']).toBe('failed');
    isUntouched('pg.before-run-1');
    expect(host.state()).toMatchObject({ stage });
    expect(host.state()['state']).not.toBe('running');
    for (const verb of ['database-admit', 'database-accept']) expect(host.change(verb).fields['refused']).toContain('not proven');
    expect(host.change('database-discard').fields).toMatchObject({ after: 'discarded', changed: 'yes' });
    isUntouched();
  };
  test('a file of the set that is not as its manifest has it', async () => {
    const file = base('global', 'pg_filenode.map');
    writeFileSync(file, readFileSync(file).fill(1, 8, 16));
    await fails(/could not restore the set first .*checksum mismatch/, 'aside');
  });
  test('a segment of the log that is broken', async () => {
    const segment = host.segment(1);
    const { length } = readFileSync(segment);
    // The walk and the look see its name and size; its records are gone.
    host.configure({ PG_START: `'${host.at('start')}'`, PG_STOP: `'${host.at('stop')}'` });
    script('start', `head -c ${length} /dev/zero >'${segment}'`, `${pgBin}/pg_ctl -D ${host.at('pg')} -l ${host.at('state', 'restore.log')} -W start`);
    script('stop', `${pgBin}/pg_ctl -D ${host.at('pg')} -m immediate stop`);
    await fails(/recovery ended before configured recovery target was reached/);
  });
  test('a signal file that is missing when it starts: it would open on the first state that is whole', async () => {
    host.configure({ PG_START: `'${host.at('start')}'`, PG_STOP: `'${host.at('stop')}'` });
    // The log that it needs to be whole is in the folder, as after a backup with its log.
    script(
      'start',
      `rm -f '${host.at('pg', 'recovery.signal')}'; cp ${host.at('backups', 'wal')}/0* ${host.at('pg', 'pg_wal')}`,
      `${pgBin}/pg_ctl -D ${host.at('pg')} -l ${host.at('state', 'restore.log')} -W start`,
    );
    script('stop', `${pgBin}/pg_ctl -D ${host.at('pg')} -m immediate stop`);
    await fails(/on timeline 1, the set's own: it started on the first state that is whole/);
  });
  test.runIf(process.getuid?.() === 0)('a disk that fills half-way', async () => {
    await withDiskAsync('120m', async () => {
      host.configure({ PG_DATA: host.at('disk', 'pg'), PG_START: `'${host.at('start')}'`, PG_STOP: `'${host.at('stop')}'` });
      script('start', `head -c 1000000000 /dev/zero >'${host.at('disk', 'full')}'`, `${pgBin}/pg_ctl -D ${host.at('disk', 'pg')} -l ${host.at('state', 'restore.log')} -W start`); // prettier-ignore
      script('stop', `${pgBin}/pg_ctl -D ${host.at('disk', 'pg')} -m immediate stop`);
      const ended = await host.restore('r.1', at(2));
      expect(ended['last_line']).toMatch(/No space left on device/);
      expect(ended['state']).toBe('failed');
      isUntouched('disk/pg.before-run-1');
    });
  });
});

describe('what the lost primary brought along does not count', () => {
  test('it is not paused at its point, loads nothing, archives nowhere, and is a standby of nobody', async () => {
    writeFileSync(base('standby.signal'), '');
    appendFileSync(base('postgresql.auto.conf'), "primary_conninfo = 'host=127.0.0.1 port=1'\n");
    // Its manifest knows neither: as a set of another tool may bring them.
    host.verifyBy('exit 0');
    owned(base());
    expect(await host.restore('r.1', at(4))).toMatchObject({ state: 'done' });
    expect(host.rows()).toBe('1 2 3 4');
    for (const name of ['shared_preload_libraries', 'primary_conninfo', 'synchronous_standby_names']) expect(host.sql(`show ${name}`)).toBe('');
    expect(host.sql('show archive_mode')).toBe('off');
  });
});

describe('people decide', () => {
  test('discarded, what was there before is back, and what stays is told with its bytes', async () => {
    await host.restore('r.1', at(4));
    const discarded = host.change('database-discard');
    expect(discarded.fields).toMatchObject({ before: 'proven', after: 'discarded', changed: 'yes' });
    expect(discarded.out).toMatch(/^kept=pg\.discarded-run-1 \d{8,}$/m);
    isUntouched();
    expect(host.beside()).toEqual(['pg', 'pg.discarded-run-1']);
    expect(host.change('database-discard').fields).toMatchObject({ before: 'discarded', after: 'discarded', changed: 'no' });
    expect(await host.restore('r.2', at(2))).toMatchObject({ state: 'done' });
    expect(host.rows()).toBe('1 2');
  });

  describe('its service is let in before people accept it', () => {
    const byTcp = () => spawnSync(`${pgBin}/psql`, ['-XqAt', '-h', '127.0.0.1', '-p', String(host.port), '-U', 'dr_admin', '-d', 'postgres', '-c', 'select count(*) from rows'], { encoding: 'utf8', env: { PATH: process.env['PATH'], PGCONNECT_TIMEOUT: '2' } }); // prettier-ignore
    const access = (more = {}) => {
      writeFileSync(host.at('access'), 'host all dr_admin 127.0.0.1/32 trust\n');
      host.configure({ SERVICE_ACCESS: host.at('access'), SERVICE_LISTEN: '127.0.0.1', PG_LISTEN: '127.0.0.1', ...more });
      owned(host.at('access'));
    };
    test('by the lines of its own access file; nothing is archived, and it is discarded like before', async () => {
      await host.restore('r.1', at(4));
      expect(byTcp().status).not.toBe(0);
      expect(host.change('database-admit').fields['refused']).toContain('names no file in SERVICE_ACCESS');
      access();
      expect(host.change('database-admit').fields).toMatchObject({ before: 'proven', after: 'admitted', changed: 'yes' });
      expect(host.change('database-admit').fields).toMatchObject({ before: 'admitted', after: 'admitted', changed: 'no' });
      expect(byTcp().stdout.trim()).toBe('4');
      expect(host.sql('show archive_mode')).toBe('off');
      expect(await host.restore('r.2', at(4)), 'what was admitted is proven').toMatchObject({ state: 'done' });
      expect(host.change('database-discard').fields).toMatchObject({ before: 'admitted', after: 'discarded' });
      expect(byTcp().status).not.toBe(0);
      isUntouched();
    });
    test('and still once people have accepted it, where the access file of the set lets nobody in', async () => {
      writeFileSync(base('pg_hba.conf'), 'host all all 192.0.2.1/32 reject\n');
      owned(base());
      host.verifyBy('exit 0');
      access({ PG_BIN: host.at('bin') });
      await host.restore('r.1', at(4));
      host.change('database-admit');
      expect(host.change('database-accept').fields).toMatchObject({ before: 'admitted', after: 'accepted', changed: 'yes' });
      expect(host.sql('show hba_file')).toBe(host.at('pg', 'pg_hba.conf'));
      expect(byTcp().stdout.trim()).toBe('4');
      expect(host.rows()).toBe('1 2 3 4');
    });
    test('and not to what was not proven, nor by another run', async () => {
      access();
      await host.restore('r.1', at(4));
      expect(host.change('database-admit', 2, 'run-2').fields['refused']).toContain('run run-2 has restored nothing');
      host.change('database-discard', 2, 'run-2');
      expect(host.change('database-admit', 2, 'run-1').code).toBe(66);
    });
  });

  test('accepted and then not able to open, it is discarded by nobody, and accepted again when that is mended', async () => {
    await host.restore('r.1', at(4));
    host.configure({ PG_LISTEN: '192.0.2.1' });
    expect(host.change('database-accept').fields['error']).toMatch(/has not come up: .*could not create any TCP.*; it is down: mend that, then accept again/);
    expect(host.state()).toMatchObject({ state: 'stopped', stage: 'opening' });
    expect(host.change('database-discard').fields['refused']).toContain('customers may have written');
    host.configure({ PG_LISTEN: '127.0.0.1', PG_PORT: '6002' });
    expect(host.change('database-accept', 2, 'run-2').fields, 'another run goes on from it').toMatchObject({
      before: 'opening',
      after: 'accepted',
      changed: 'yes',
      archives_to: host.at('new', 'run-1'),
    });
    expect(host.rows()).toBe('1 2 3 4');
  });

  test('what another run restored is neither restored over nor accepted', async () => {
    await host.restore('r.1', at(4));
    const other = host.start('r.2', at(4), 2, 'run-2');
    expect(other.fields['refused']).toContain('what run run-1 restored at west stands there');
    expect(host.verb(`database-look first ${at(2)}`).fields, 'it is discarded before, and no reason to stand down').toMatchObject({ ready: 'first' });
    expect(host.change('database-accept', 2, 'run-2').fields['refused']).toContain('run run-2 has restored nothing');
    expect(host.change('database-discard', 2, 'run-2').fields).toMatchObject({ after: 'discarded' });
    isUntouched();
  });
});

describe('a restore that is killed', () => {
  test('while the server replays, goes on from there when it is repeated', async () => {
    const segment = host.segment(1);
    const fifo = host.at('fifo');
    // The server waits for a segment that comes when the test says so.
    host.configure({ PG_START: `'${host.at('start')}'`, PG_STOP: `'${host.at('stop')}'` });
    script(
      'start',
      `[ -e ${fifo} ] || { mkfifo ${fifo} && mv ${segment} ${host.at('away')} && ln ${fifo} ${segment}; }`,
      `exec ${pgBin}/pg_ctl -D ${host.at('pg')} -l ${host.at('state', 'restore.log')} -W start`,
    );
    script('stop', `exec ${pgBin}/pg_ctl -D ${host.at('pg')} -m fast stop`);
    host.start('r.1', at(4));
    await eventually('it replays', () => /^progress .* replaying 0/m.test(readFileSync(host.at('state', 'jobs', 'r.1', 'progress'), 'utf8')));
    await host.killJob('r.1');
    expect(host.state()).toMatchObject({ state: 'running', restored: 'yes', stage: 'restored' });
    renameSync(host.at('away'), segment);
    host.start('r.2', at(4));
    writeFileSync(fifo, readFileSync(segment));
    expect(await host.ended('r.2')).toMatchObject({ state: 'done' });
    expect(readFileSync(host.at('state', 'jobs', 'r.2', 'progress'), 'utf8')).not.toContain('restoring the set');
    expect(host.rows()).toBe('1 2 3 4');
    isUntouched('pg.before-run-1');
  });
});

describe('a job', () => {
  test('that is cancelled while the server replays ends that server, and promotes nothing', async () => {
    host.configure({ PG_START: `'${host.at('start')}'`, PG_STOP: `'${host.at('stop')}'` });
    const segment = host.segment(1);
    script('start', `rm -f ${segment}; mkfifo ${segment}`, `exec ${pgBin}/pg_ctl -D ${host.at('pg')} -l ${host.at('state', 'restore.log')} -W start`);
    script('stop', `exec ${pgBin}/pg_ctl -D ${host.at('pg')} -m immediate stop`);
    host.start('r.1', at(4));
    await eventually('it replays', () => /^progress .* replaying 0/m.test(readFileSync(host.at('state', 'jobs', 'r.1', 'progress'), 'utf8')));
    expect(host.change('job-cancel r.1').fields).toMatchObject({ before: 'running', after: 'cancelled' });
    expect(host.state()).toMatchObject({ state: 'stopped', stage: 'restored' });
    expect(existsSync(host.at('pg', 'recovery.signal'))).toBe(true);
    isUntouched('pg.before-run-1');
  });

  test('that is cancelled while it copies makes way for a discard, after which all is as it was before', async () => {
    host.toolWaits();
    host.start('r.1', at(4));
    await eventually('it is half-way', () => existsSync(host.at('pg.restoring-run-1', 'global', 'pg_control')));
    expect(host.change('database-discard').fields['refused']).toContain('cancel it (job-cancel r.1)');
    expect(host.change('job-cancel r.1').fields).toMatchObject({ before: 'running', after: 'cancelled' });
    expect(host.change('database-discard').fields).toMatchObject({ after: 'discarded', changed: 'yes' });
    isUntouched();
    expect(host.beside()).toEqual(['pg', 'pg.discarded-run-1']);
    writeFileSync(host.at('gate'), '');
  });

  test('is found when it is started again, and no second one runs beside it', async () => {
    host.toolWaits();
    expect(host.start('r.1', at(4)).fields).toMatchObject({ before: 'none', after: 'running' });
    expect(host.start('r.1', at(4)).fields).toMatchObject({ before: 'running', after: 'running', changed: 'no' });
    expect(host.start('r.2', at(4)).fields['refused']).toContain('the job r.1 of run-1 runs at west');
    for (const verb of ['database-discard', 'database-accept']) expect(host.change(verb).fields['refused']).toContain('still runs');
    writeFileSync(host.at('gate'), '');
    expect(await host.ended('r.1')).toMatchObject({ state: 'done' });
  });

  test('is carried out by nobody over SSH but by its verb', () => {
    for (const words of [`restore-run first ${at(2)}`, 'job-run r.1']) expect(host.verb(words).code).toBe(64);
    isUntouched();
  });
});

test('the epoch is the one of the agent of the site', () => {
  writeFileSync(host.at('state', 'epoch'), '7 run-7\n');
  expect(host.start('r.1', at(2))).toMatchObject({ code: 66, fields: { epoch: '7', holder: 'run-7' } });
  expect(host.verb('identify').fields).toMatchObject({ site: 'west', epoch: '7', holder: 'run-7', tool: 'files' });
});

function history(): string {
  const wal = host.at('backups', 'wal');
  return join(wal, readdirSync(wal).find((name) => name.endsWith('.backup')) ?? '');
}

function script(name: string, ...lines: readonly string[]): void {
  writeFileSync(host.at(name), `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
  owned(host.at(name));
}

/** The data below a small disk of its own. */
function withDisk(size: string, look: () => void): void {
  mount(size);
  try {
    host.configure({ PG_DATA: host.at('disk', 'pg') });
    look();
  } finally {
    execFileSync('umount', ['--lazy', host.at('disk')]);
  }
}
async function withDiskAsync(size: string, act: () => Promise<void>): Promise<void> {
  mount(size);
  try {
    await act();
  } finally {
    await endServer(host.at('disk', 'pg'));
    execFileSync('umount', ['--lazy', host.at('disk')]);
  }
}
function mount(size: string): void {
  mkdirSync(host.at('disk'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', host.at('disk')]);
  execFileSync('cp', ['-a', host.at('pg'), host.at('disk', 'pg')]);
  owned(host.at('disk'));
}
