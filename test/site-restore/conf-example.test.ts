/** Goal: restore.conf.example names every setting of site-restore, and no other. Method: the script as text, and run with the example itself. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const path = (name: string) => fileURLToPath(new URL(`../../site-agent/${name}`, import.meta.url));
const script = readFileSync(path('site-restore'), 'utf8');
const example = readFileSync(path('restore.conf.example'), 'utf8');

const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);
const assigned = /(?<![\w$-])([A-Z][A-Z0-9_]*[A-Z])=/g;

/** What stands before restore.conf is read, so that it may be left out there. */
const [block = ''] = /^PG_SOCKETS=[^]*?(?=^\. "\$conf"$)/m.exec(script) ?? [];
const defaults = names(block, assigned);
/** What each tree of the example may have: its name before what the script asks for. */
const trees = ['APPLICATION', 'SESSIONS'];
const ofTrees = names(script, /\btree_setting ([A-Z_]+)/g).filter((suffix, index, all) => all.indexOf(suffix) === index).flatMap((suffix) => trees.map((tree) => `${tree}_${suffix}`)); // prettier-ignore

function settingsOf(text: string): string[] {
  const given = ['SSH_ORIGINAL_COMMAND', 'HOME', 'PATH', 'DR_EPOCH', 'DR_RUN', 'DR_JOB_PROGRESS'];
  const own = new Set([...names(text.replace(block, '').replaceAll(/^ *echo .*|refuse ".*|usage ".*/gm, ''), assigned), ...given]);
  const read = names(text, /\$\{?([A-Z][A-Z0-9_]*[A-Z])\b/g).filter((name) => !own.has(name));
  return [...new Set([...read, ...defaults])].toSorted();
}

const documented = [...example.matchAll(/((?:^# .*\n)+)((?:^#?\w+=.*\n)+)/gm)].flatMap(([, comment = '', lines = '']) =>
  names(lines, /^#?(\w+)=/gm).map((name) => ({ name, comment })),
);

describe('restore.conf.example', () => {
  it('names what site-restore reads, and nothing else', () => {
    expect(defaults).toContain('PG_LISTEN');
    expect([...new Set(documented.map(({ name }) => name))].toSorted()).toEqual([...settingsOf(script), ...ofTrees].toSorted());
    expect(ofTrees).toContain('SESSIONS_BYTES_MAX');
    expect(settingsOf(`${script}\necho "$NEW_SETTING"`), 'a setting that is new').toContain('NEW_SETTING');
  });

  it('says of each that it must be set, or its default; a default only where the script has one', () => {
    expect(documented.filter(({ comment }) => !/^# (Must be set|Default: )/m.test(comment)).map(({ name }) => name)).toEqual([]);
    expect(documented.filter(({ comment }) => comment.startsWith('# Default: ')).map(({ name }) => name).toSorted()).toEqual([...defaults, ...ofTrees].toSorted()); // prettier-ignore
  });

  it.each([
    ['as it is', example],
    ['with every line that is commented out', example.replaceAll(/^#(?=\w+=)/gm, '')],
  ])('is read by site-restore: %s', (_how, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'dr-restore-conf-'));
    try {
      const conf = join(folder, 'restore.conf');
      writeFileSync(conf, text.replace(/^STATE_DIR=.*$/m, `STATE_DIR=${join(folder, 'state')}`));
      execFileSync('sh', ['-n', conf]);
      const { status, stdout, stderr } = spawnSync('sh', [path('site-restore'), conf, 'identify'], { encoding: 'utf8' });
      expect({ status, stderr, lines: stdout.split('\n').slice(0, 2) }).toEqual({ status: 0, stderr: '', lines: ['site-restore=1', 'site=site-c'] });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
