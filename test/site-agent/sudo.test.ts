/** Goal: an agent that may only start and stop by sudo knows how its service is. Method: the script itself, with a sudo that lets through what the printed line allows. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sudoers } from '../../activities/access/lines.ts';
import { systemctlShim } from './support.ts';

const script = fileURLToPath(new URL('../../site-agent/site-agent', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dr-agent-sudo-'));
  const allowed = sudoers('agent', 'erlmcp').split('NOPASSWD: ')[1]?.replaceAll('/usr/bin/systemctl', join(folder, 'systemctl')).split(', ') ?? [];
  const sudo = `#!/bin/sh\nif [ "$1" = -l ]; then shift; run=echo; else run=exec; fi\nshift\ncase "$*" in ${allowed.map((line) => `'${line}'`).join(' | ')}) $run "$@" ;; *) echo 'sudo: a password is required' >&2; exit 1 ;; esac\n`;
  for (const [name, text] of [
    ['systemctl', systemctlShim],
    ['sudo', sudo],
  ] as const) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  const conf = { SITE: 'west', STATE_DIR: join(folder, 'state'), UNIT: 'erlmcp', SYSTEMCTL: `"${join(folder, 'sudo')} -n ${join(folder, 'systemctl')}"` };
  writeFileSync(
    join(folder, 'agent.conf'),
    Object.entries(conf)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function agent(...words: string[]): string {
  return execFileSync('sh', [script, join(folder, 'agent.conf'), ...words], { encoding: 'utf8' });
}

test('the service is started, seen as active, and really stopped', () => {
  const change = ['--epoch', '1', '--run', 'run-1'];
  expect(agent('service-start', ...change)).toContain('after=active, enabled');
  expect(agent('service-status')).toMatch(/^active=yes$/m);
  expect(agent('service-stop', ...change)).toContain('before=active, enabled');
  expect(agent('service-status')).toMatch(/^active=no$/m);
});

test('a sudo that would not carry it out is told by the look, before anything is changed', () => {
  writeFileSync(join(folder, 'sudo'), "#!/bin/sh\necho 'sudo: you must have a tty to run sudo' >&2\nexit 1\n");
  expect(agent('check', 'service-start')).toMatch(
    /^refused=service-start: sudo at west would not carry out: .*you must have a tty.*; add the line that the estate check prints to sudoers there, without requiretty$/m,
  );
});
