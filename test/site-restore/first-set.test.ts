/**
 * Goal: an accepted server has a first set at the path where it archives, and that set can be restored. Method: real backups by both tools, restored and accepted once for each; the script itself
 * reads the new path, and restores from it.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../site-agent/support.ts';
import { owned } from './host.ts';
import { endServer, Host, newestOf, removeAll, Source, tools } from './source.ts';

describe.each(tools)('with %s', (tool) => {
  let source: Source;
  let host: Host;
  beforeAll(async () => {
    source = new Source(tool);
    await source.live();
    host = new Host(source);
    await host.restore('r.1', source.after[4] ?? '');
    const accepted = host.change('database-accept');
    if (accepted.code !== 0) throw new Error(accepted.out);
  }, 60_000);
  afterAll(async () => {
    await host?.end();
    await removeAll(source.folder);
  });
  const path = () => host.at('new', 'run-1');
  const backUp = async (id: string) => {
    const started = host.change(`database-backup ${id}`);
    expect(started.code, started.out).toBe(0);
    return host.ended(id);
  };
  /** The host as one that restores from the new path. */
  const readsNewPath = () => host.readsBackupsAt(path());

  test('before it is accepted there is no set to make, and nothing is changed', async () => {
    const other = new Host(source);
    try {
      expect(other.change('database-backup b.0').fields['refused']).toMatch(/is nothing and not accepted; nothing was changed/);
      await other.restore('r.1', source.after[4] ?? '');
      expect(other.change('database-backup b.0').fields['refused']).toMatch(/is proven and not accepted; nothing was changed/);
      expect(other.verb('job-watch b.0').fields['state']).toBe('none');
      expect(readdirSync(other.at('new'))).toEqual([]);
    } finally {
      await other.end();
    }
  });

  test('it is made of the server that runs, told with its bytes, and read at the new path as one that can be restored', async () => {
    if (tool === 'files') {
      // What a job that was killed has left.
      mkdirSync(host.at('new', 'run-1', 'base', 'first.making'));
      writeFileSync(host.at('new', 'run-1', 'base', 'first.making', 'half'), '');
      owned(host.at('new'));
    }
    host.sql('insert into rows values (7)');
    const ended = await backUp('b.1');
    expect(ended, ended['last_line']).toMatchObject({ state: 'done', job: 'first-backup' });
    expect(ended['last_line']).toMatch(/^the set \S+ at .* can be restored, from \d{4}-/);
    if (tool === 'files') {
      expect(Number(ended['bytes_done'])).toBeGreaterThan(20_000_000);
      expect(readdirSync(host.at('new', 'run-1', 'base'))).toEqual(['first']);
      expect(existsSync(host.at('new', 'run-1', 'base', 'first', 'half'))).toBe(false);
    }
    expect(host.rows()).toBe('1 2 3 4 7');
    readsNewPath();
    const { out } = host.verb('points');
    expect(out).toMatch(/^set=\S+ .* timeline=2 .* usable=yes$/m);
    host.configure({});
  });

  test('one that is there is found, and no second one is made', async () => {
    const sets = () => readdirSync(tool === 'files' ? `${path()}/base` : `${path()}/backup/main`).filter((name) => /^(first|\d{8}-)/.test(name));
    await backUp('b.2');
    const before = sets();
    expect(await backUp('b.3')).toMatchObject({ state: 'done' });
    expect(sets()).toEqual(before);
    expect(before).toHaveLength(1);
  });

  test('it is made of nothing that is down, and by no old epoch', async () => {
    await endServer(host.at('pg'), 'SIGINT');
    expect(host.change('database-backup b.4').fields['refused']).toContain('no server runs in');
    expect(host.change('database-accept').fields).toMatchObject({ after: 'accepted' });
    expect(host.change('database-backup b.4', 1, 'run-2').code).toBe(66);
  });

  test('what customers wrote since is restored from it by another run', async () => {
    expect(await backUp('b.5')).toMatchObject({ state: 'done' });
    host.sql('insert into rows values (8)');
    host.sql('select pg_switch_wal()');
    await eventually('it is archived', () => host.sql('select last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) from pg_stat_archiver') === 't');
    await endServer(host.at('pg'), 'SIGINT');
    readsNewPath();
    const [set, point] = newestOf(host.verb('points').out);
    const started = host.change(`database-restore r.2 ${set} ${point}`, 2, 'run-2');
    expect(started.code, started.out).toBe(0);
    const ended = await host.ended('r.2');
    expect(ended, ended['last_line']).toMatchObject({ state: 'done' });
    expect(host.rows()).toMatch(/^1 2 3 4( 7)? 8$/);
    expect(existsSync(host.at('pg', 'pg_hba.conf.of-set')), 'the access file is joined anew when this one is accepted').toBe(false);
  });
});
