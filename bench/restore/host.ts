/** A host on which `site-restore` is installed, and its restores with the time of each of their parts. Everything lies in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { asUnprivileged } from '../../lab/identity.ts';
import { giveToServers, serverFile, serverFolder } from '../../lab/ownership.ts';
import { repositoryRoot } from '../../lab/paths.ts';

const pollMilliseconds = 20;
const withinMs = 15 * 60_000;

/** A line of a job's progress, and when it was first there, in seconds after the restore was asked for. */
export interface Mark {
  readonly text: string;
  readonly at: number;
}

export interface TimedRestore {
  /** Until the host had looked at everything that would refuse the restore, and had started its job; seconds. */
  readonly looked: number;
  readonly marks: readonly Mark[];
  /** Until it was proven; seconds. */
  readonly proven: number;
}

export class RestoreHost {
  readonly folder: string;
  private runs = 0;

  /** `settings` are lines of restore.conf besides those that every host has. */
  constructor(folder: string, settings: Readonly<Record<string, string>>) {
    this.folder = serverFolder(folder, 0o755);
    serverFolder(this.at('state'));
    const script = this.at('site-restore');
    copyFileSync(join(repositoryRoot(), 'site-agent', 'site-restore'), script);
    giveToServers(script);
    const all = { SITE: 'bench', HOST: hostname(), STATE_DIR: this.at('state'), ...settings };
    const lines = Object.entries(all).map(([name, value]) => `${name}='${value}'`);
    serverFile(this.at('restore.conf'), `${lines.join('\n')}\n`);
  }

  at(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** What a verb prints; throws its text when it is refused. */
  verb(words: string): string {
    const [command = '', ...args] = asUnprivileged(['sh', this.at('site-restore'), this.at('restore.conf')]);
    const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', cwd: '/', env: { PATH: process.env.PATH, SSH_ORIGINAL_COMMAND: words } });
    if (status !== 0) throw new Error(`site-restore refused ${words}: ${stdout}`);
    return stdout;
  }

  /** One restore from its request to its proof. What it leaves is taken away, but not what it has learned of the backups: the host has seen them at the gate, too. */
  async restore(store: 'database' | 'cache', args: readonly string[]): Promise<TimedRestore> {
    const run = `bench-${++this.runs}`;
    const id = `restore-${store}.${this.runs}`;
    const begun = performance.now();
    const since = () => (performance.now() - begun) / 1000;
    this.verb([`${store}-restore`, '--epoch', '1', '--run', run, id, ...args].join(' '));
    const looked = since();
    const job = this.at('state', 'jobs', id);
    const marks = new Map<string, number>();
    while (!existsSync(join(job, 'ended'))) {
      for (const text of progressOf(job)) if (!marks.has(text)) marks.set(text, since());
      if (since() * 1000 > withinMs) throw new Error(`The restore ${id} has not ended within ${withinMs / 60_000} minutes. Look in ${job}.`);
      await pause(pollMilliseconds);
    }
    const proven = since();
    if (!readFileSync(join(job, 'ended'), 'utf8').startsWith('0 ')) throw new Error(`The restore ${id} failed: ${readFileSync(join(job, 'out'), 'utf8')}`);
    this.verb(`${store}-discard --epoch 1 --run ${run}`);
    return { looked, marks: [...marks].map(([text, at]) => ({ text, at })), proven };
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function progressOf(job: string): readonly string[] {
  const file = join(job, 'progress');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').flatMap((line) => /^progress \d+ \d+ (.+)$/.exec(line)?.[1] ?? []); // prettier-ignore
}
