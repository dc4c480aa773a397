/**
 * Goal: both tools restore exactly what was committed up to a moment, prove it, and refuse before anything changes what cannot be restored. Method: a real PostgreSQL that was backed up by
 * the tool, a host that has nothing but the backups, and the script with its settings; each pitfall is made in the copy of the backups that the host reads.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../site-agent/support.ts';
import { owned } from './host.ts';
import { Host, removeAll, Source, tools } from './source.ts';

describe.each(tools)('with %s', (tool) => {
  let source: Source;
  let host: Host;
  beforeAll(async () => {
    source = new Source(tool);
    await source.live();
  }, 60_000);
  afterAll(() => removeAll(source.folder));
  beforeEach(() => {
    host = new Host(source);
  });
  afterEach(() => host.end());
  const at = (row: number) => source.after[row] ?? '';
  const standing = () => {
    mkdirSync(host.at('pg'));
    writeFileSync(host.at('pg', 'mine'), 'what was there before');
    owned(host.at('pg'));
  };

  describe('a restore', () => {
    test.each([
      [2, '1 2'],
      [4, '1 2 3 4'],
    ])('to the moment after row %i has exactly the rows up to it, and its proof', async (row, rows) => {
      expect(await host.restore('r.1', at(row))).toMatchObject({ state: 'done', last_line: `restored ${source.set} to ${at(row)} and proven` });
      expect(host.rows()).toBe(rows);
      const state = host.state();
      expect(state).toMatchObject({ state: 'running', restored: 'yes', stage: 'proven', run: 'run-1', set: source.set, point: at(row) });
      expect(state).toMatchObject({ timeline_before: '1', timeline_after: '2', proven_identifier: source.identifier });
      expect(state['last_commit_applied']! <= at(row)).toBe(true);
      expect(state['newest_heartbeat']! > at(row - 1) && state['newest_heartbeat']! < at(row)).toBe(true);
      expect(Number(state['seconds_before_point'])).toBeLessThan(1);
      expect(Number(state['pages_checked'])).toBeGreaterThan(1000);
      expect(Number(state['indexes_checked'])).toBeGreaterThan(100);
      expect(host.sql('show archive_mode')).toBe('off');
      expect(host.sql('show listen_addresses')).toBe('');
    });

    test('to the last commit of the log has all rows', async () => {
      const latest = /latest=(\S+)/.exec(host.verb('points').out)?.[1] ?? '';
      expect(await host.restore('r.1', latest)).toMatchObject({ state: 'done' });
      expect(host.rows()).toBe('1 2 3 4 5 6');
      expect(host.state()).toMatchObject({ last_commit_applied: latest, seconds_before_point: '0.000' });
    });
  });

  describe('points', () => {
    test('tells the set, how far its log goes on, and between which moments it can be restored', () => {
      const { out } = host.verb('points');
      const [, label, words = ''] = /^set=(\S+) (.*)$/m.exec(out) ?? [];
      const set = Object.fromEntries(words.split(' ').map((word) => word.split('=')));
      expect(label).toBe(source.set);
      expect(set).toMatchObject({ version: '15', system_identifier: source.identifier, timeline: '1', missing: 'none', usable: 'yes' });
      expect(Number(set.bytes)).toBeGreaterThan(20_000_000);
      expect(set.earliest! < at(2) && set.latest! > at(5) && set.latest! < at(6)).toBe(true);
    });

    test('ends where a segment is missing, and a point beyond is refused before anything changes', () => {
      standing();
      rmSync(host.segment(host.segments().length - 2));
      expect(host.verb('points').out).toMatch(/missing=[0-9A-F]{24} /);
      const refused = host.start('r.1', at(4));
      expect(refused.code).toBe(65);
      expect(refused.fields['refused']).toMatch(/has a gap: [0-9A-F]{24} is missing .* nothing was changed: the nearest that there is of this set is /);
      expect(host.beside()).toEqual(['pg']);
      expect(readFileSync(host.at('pg', 'mine'), 'utf8')).toBe('what was there before');
    });

    test('that cannot read the repository is an error, and no empty list', () => {
      rmSync(host.at('backups', 'base'), { recursive: true });
      rmSync(host.at('backups', 'repo'), { recursive: true });
      const answer = host.verb('points');
      expect(answer.code).toBe(1);
      expect(answer.fields['error']).toContain('cannot be read');
    });
  });

  test('a gap that appears after the look ends in failure, and no server is promoted', async () => {
    standing();
    const segment = host.segment(host.segments().length - 2);
    // Its name is there for the walk, and what is in it is gone when the server asks.
    host.configure({ PG_START: `'${host.at('start')}'`, PG_STOP: `'${host.at('stop')}'` });
    // Who asks whether it is up is told so in its log: that must not stand before why it ended.
    const told = 'FATAL:  the database system is starting up';
    const start = [
      '#!/bin/sh',
      `rm -f '${segment}'`,
      `/usr/lib/postgresql/15/bin/pg_ctl -D ${host.at('pg')} -l ${host.at('state', 'restore.log')} -W start`,
      `for _ in $(seq 600); do grep -q 'database system is shut down' ${host.at('state', 'restore.log')} && break; sleep 0.1; done`,
      `for _ in 1 2 3; do echo '${told}' >>${host.at('state', 'restore.log')}; done`,
    ];
    writeFileSync(host.at('start'), `${start.join('\n')}\n`, { mode: 0o755 });
    writeFileSync(host.at('stop'), `#!/bin/sh\nexec /usr/lib/postgresql/15/bin/pg_ctl -D ${host.at('pg')} -m immediate stop\n`, { mode: 0o755 });
    owned(host.folder);
    const ended = await host.restore('r.1', at(4));
    expect(ended['state']).toBe('failed');
    expect(ended['last_line']).toContain('recovery ended before configured recovery target was reached');
    expect(existsSync(host.at('pg', 'recovery.signal'))).toBe(true);
    expect(host.state()).toMatchObject({ state: 'stopped', stage: 'restored' });
    expect(readFileSync(host.at('pg.before-run-1', 'mine'), 'utf8')).toBe('what was there before');
  });

  test('accepted, it archives to a path of its own, is open, and is discarded no more', async () => {
    host.configure({ PG_LISTEN: '127.0.0.1', PG_PORT: '6002' });
    standing();
    await host.restore('r.1', at(4));
    expect(host.change('database-accept', 1, 'run-2').code).toBe(66);
    const accepted = host.change('database-accept');
    expect(accepted.fields).toMatchObject({ before: 'proven', after: 'accepted', changed: 'yes', archives_to: host.at('new', 'run-1') });
    const archived = readdirSync(host.at('new', 'run-1'), { recursive: true, encoding: 'utf8' });
    expect(archived).toContainEqual(expect.stringMatching(/\/00000002[0-9A-F]{16}(-[0-9a-f]{40}\.gz)?$/));
    expect(host.sql('show archive_mode')).toBe('on');
    expect(host.sql('show listen_addresses')).toBe('127.0.0.1');
    expect(host.sql('show hba_file')).toBe(host.at('pg', 'pg_hba.conf'));
    expect(host.sql('show restore_command')).toBe('');
    expect(host.rows()).toBe('1 2 3 4');
    expect(host.change('database-accept').fields).toMatchObject({ before: 'accepted', after: 'accepted', changed: 'no' });
    expect(host.change('database-discard').fields['refused']).toContain('was accepted');
    expect(host.state()['stage']).toBe('accepted');
    expect(readFileSync(host.at('pg.before-run-1', 'mine'), 'utf8')).toBe('what was there before');
  });

  test('a restore that is killed while it copies begins anew from what was set aside when it is repeated', async () => {
    standing();
    host.toolWaits();
    host.start('r.1', at(4));
    await eventually('it is half-way', () => existsSync(host.at('pg.restoring-run-1', 'global', 'pg_control')));
    await host.killJob('r.1');
    expect(host.state()).toMatchObject({ state: 'absent', stage: 'aside', restored: 'no' });
    expect(host.beside()).toEqual(['pg.before-run-1', 'pg.restoring-run-1']);
    writeFileSync(host.at('gate'), '');
    expect(await host.restore('r.2', at(4))).toMatchObject({ state: 'done' });
    expect(host.rows()).toBe('1 2 3 4');
    expect(host.beside()).toEqual(['pg', 'pg.before-run-1']);
    expect(readFileSync(host.at('pg.before-run-1', 'mine'), 'utf8')).toBe('what was there before');
  });

  test('a repository that is corrupt ends in failure, and what was set aside is untouched', async () => {
    standing();
    const below = host.at('backups', tool === 'files' ? 'base' : 'repo/backup', tool === 'files' ? 'first' : `main/${source.set}/pg_data`);
    const file = readdirSync(below, { recursive: true, encoding: 'utf8' }).find((path) => /base\/1\/1259(\.gz)?$/.test(path)) ?? '';
    const bytes = readFileSync(join(below, file));
    writeFileSync(join(below, file), bytes.fill(7, 2000, 2100));
    const ended = await host.restore('r.1', at(4));
    expect(ended['state']).toBe('failed');
    expect(ended['last_line']).toContain(`could not restore the set ${source.set} at west`);
    expect(host.state()).toMatchObject({ state: 'absent', stage: 'aside' });
    expect(host.change('database-discard').fields['after']).toBe('discarded');
    expect(readFileSync(host.at('pg', 'mine'), 'utf8')).toBe('what was there before');
  });
});

test.each(tools)('with %s a page that was broken before the set was made is found in the proof, and nobody is served from it', async (tool) => {
  const source = new Source(tool);
  try {
    await source.live({ before: breakPage });
    const host = new Host(source);
    try {
      const started = host.start('r.1', source.after[4] ?? '');
      // pgBackRest has seen it when it made the set.
      if (started.code === 65) {
        expect(started.fields['refused']).toContain('pages of wrong checksums');
        return;
      }
      const ended = await host.ended('r.1');
      expect(ended['last_line']).toContain('pages of what was restored at west are broken');
      expect(ended['state']).toBe('failed');
      expect(host.state()).toMatchObject({ state: 'stopped', stage: 'restored' });
    } finally {
      await host.end();
    }
  } finally {
    await removeAll(source.folder);
  }
});

test('of a cluster without checksums the proof says that no page was checked', async () => {
  const source = new Source('files');
  try {
    await source.live({ checksums: false });
    const host = new Host(source);
    try {
      expect(await host.restore('r.1', source.after[4] ?? '')).toMatchObject({ state: 'done' });
      expect(host.state()['pages_checked']).toBe('none, since the cluster has no checksums');
    } finally {
      await host.end();
    }
  } finally {
    await removeAll(source.folder);
  }
});

/** A page of a table that nobody reads, on disk alone. */
function breakPage(source: Source): void {
  source.sql('create table cold as select generate_series(1, 1000) as id; checkpoint');
  const file = source.at('pg', source.sql("select pg_relation_filepath('cold')"));
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(7, 8192 + 4000, 8192 + 4100));
}
