/** A host on which `site-restore` is installed with its settings, and its verbs as over SSH. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serverUser } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';
import { makeServerFolder } from '../support/server-files.ts';

export const script = fileURLToPath(new URL('../../site-agent/site-restore', import.meta.url));
export const asOwner = process.getuid?.() === 0 ? ['setpriv', `--reuid=${serverUser}`, `--regid=${serverUser}`, '--init-groups'] : ['env'];
export const hostName = execFileSync('uname', ['-n'], { encoding: 'utf8' }).trim();

/** A program as the account of the servers, with nothing of the tests in its environment. */
export function asServer(program: string, args: readonly string[], input = ''): string {
  const [first = '', ...rest] = [...asOwner, program, ...args];
  return execFileSync(first, rest, { encoding: 'utf8', input, env: { PATH: process.env['PATH'] }, stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' });
}

export function newFolder(): string {
  const folder = makeServerFolder('dr-site-restore-');
  chmodSync(folder, 0o755);
  return folder;
}

export function owned(...paths: readonly string[]): void {
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${serverUser}:${serverUser}`, ...paths]);
}

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly fields: Readonly<Record<string, string>>;
}

export class ScriptHost {
  readonly folder = newFolder();
  /** Where its programs are looked for. */
  path = process.env['PATH'] ?? '';

  constructor() {
    cpSync(script, this.at('site-restore'));
    mkdirSync(this.at('state'));
  }

  protected writeConf(settings: Readonly<Record<string, string>>): void {
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    writeFileSync(this.at('restore.conf'), `${lines.join('\n')}\n`);
  }

  protected cancelAll(): void {
    for (const id of existsSync(this.at('state', 'jobs')) ? readdirSync(this.at('state', 'jobs')) : []) this.change(`job-cancel ${id}`, 900, 'the-end');
  }

  at(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** A verb as over SSH. */
  verb(words: string): Answer {
    const [program, ...args] = [...asOwner, this.at('site-restore'), this.at('restore.conf')];
    const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', env: { PATH: this.path, SSH_ORIGINAL_COMMAND: words }, cwd: '/' });
    const pairs = stdout.split('\n').filter((line) => line.includes('='));
    return { code: status ?? -1, out: stdout, fields: Object.fromEntries(pairs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])) }; // prettier-ignore
  }

  change(words: string, epoch = 1, run = 'run-1'): Answer {
    const [verb, ...rest] = words.split(' ');
    return this.verb([verb, '--epoch', epoch, '--run', run, ...rest].join(' '));
  }

  /** How a job ended, and its last words. */
  async ended(id: string): Promise<Readonly<Record<string, string>>> {
    await eventually(`${id} ended`, () => !['running', 'none'].includes(this.verb(`job-watch ${id}`).fields['state'] ?? 'none'), 60_000);
    return this.verb(`job-watch ${id}`).fields;
  }

  /** With all that it has started in its group, without a word. */
  async killJob(id: string): Promise<void> {
    const [leader = ''] = readFileSync(this.at('state', 'jobs', id, 'process'), 'utf8').split(' ');
    process.kill(-Number(leader), 'SIGKILL');
    await eventually(`${id} is lost`, () => this.verb(`job-watch ${id}`).fields['state'] === 'lost');
  }
}
