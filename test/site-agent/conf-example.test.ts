/** Goal: agent.conf.example names every setting of the agent, and no other. Method: the script as text, and run with the example itself. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { answered } from './support.ts';

const path = (name: string) => fileURLToPath(new URL(`../../site-agent/${name}`, import.meta.url));
const script = readFileSync(path('site-agent'), 'utf8');
const example = readFileSync(path('agent.conf.example'), 'utf8');

const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);
const assigned = /(?<![\w$-])([A-Z][A-Z_]*[A-Z])=/g;

/** What stands before agent.conf is read, so that it may be left out there. */
const [block = ''] = /^UNIT=[^]*?(?=^\. "\$conf"$)/m.exec(script) ?? [];
const defaults = names(block, assigned);

/** What is read, and either has its default before agent.conf is read or is never assigned by the script itself. */
function settingsOf(text: string): string[] {
  const own = new Set([...names(text.replace(block, ''), assigned), 'SSH_ORIGINAL_COMMAND']);
  const read = names(text, /\$\{?([A-Z][A-Z_]*[A-Z])\b/g).filter((name) => !own.has(name));
  const ofPeers = names(text, /\$\{name\}_([A-Z_]+)/g).map((part) => `PEER_<SITE>_${part}`);
  const ofJobs = names(text, /setting=(JOB_)\$/g).map((part) => `${part}<NAME>`);
  return [...new Set([...read, ...defaults, ...ofPeers, ...ofJobs])].toSorted();
}

/** Settings with the comment that stands over each, also of those that are commented out. */
const documented = [...example.matchAll(/((?:^# .*\n)+)((?:^#?\w+=.*\n)+)/gm)].flatMap(([, comment = '', lines = '']) =>
  names(lines, /^#?(\w+)=/gm).map((name) => ({ name: name.replace(/^PEER_site_[a-z]_/, 'PEER_<SITE>_').replace(/^JOB_[a-z_]+$/, 'JOB_<NAME>'), comment })),
);

describe('agent.conf.example', () => {
  it('names what the agent reads, and nothing else', () => {
    expect(defaults).toContain('PEERS');
    expect([...new Set(documented.map(({ name }) => name))].toSorted()).toEqual(settingsOf(script));
    expect(settingsOf(`${script}\necho "$NEW_SETTING"`), 'a setting that is new').toContain('NEW_SETTING');
  });

  it('says of each that it must be set, or its default; a default only where the agent has one', () => {
    const bare = documented.filter(({ comment }) => !/^# (Must be set|Default: )/m.test(comment));
    expect(bare.map(({ name }) => name)).toEqual([]);
    const optional = documented.filter(({ name, comment }) => !/^(PEER|JOB)_/.test(name) && !comment.includes('# Must be set'));
    const withDefault = [...defaults, ...names(script, /\$\{([A-Z_]+):-/g)];
    expect(optional.map(({ name }) => name).filter((name) => !withDefault.includes(name))).toEqual([]);
  });

  it.each([
    ['as it is', example],
    ['with every line that is commented out', example.replaceAll(/^#(?=\w+=)/gm, '')],
  ])('is read by the agent: %s', (_how, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'dr-agent-conf-'));
    try {
      const conf = join(folder, 'agent.conf');
      writeFileSync(conf, text.replace(/^STATE_DIR=.*$/m, `STATE_DIR=${join(folder, 'state')}`));
      execFileSync('sh', ['-n', conf]);
      const { status, stdout, stderr } = spawnSync('sh', [path('site-agent'), conf, 'identify'], { encoding: 'utf8' });
      expect({ status, stderr, first: answered(stdout)[0] }).toEqual({ status: 0, stderr: '', first: 'site=site-a' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
