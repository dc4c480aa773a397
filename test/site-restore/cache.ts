/**
 * A Redis that makes a set while it lives, and a host that has nothing but that set and a configuration. Of its 1,508 keys one is over before anybody restores it; `eternal` and 300
 * more have an expiry that no test reaches; hashes and sets are so large that a server keeps them in an order of its own.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../site-agent/support.ts';
import { asServer, hostName, newFolder, owned, ScriptHost } from './host.ts';

export const password = 'test-only';
export const keysOfSet = 1508;

function redisCli(args: readonly string[], input = ''): string {
  return asServer('redis-cli', ['--no-auth-warning', '-a', password, ...args], input).trim();
}

/** The Redis servers whose data is below a folder. */
function serversBelow(folder: string): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const isServer = /^\d+$/.test(name) && readFileSync(join('/proc', name, 'comm'), 'utf8').startsWith('redis-server');
      return isServer && `${readlinkSync(join('/proc', name, 'cwd'))}/`.startsWith(`${folder}/`) ? [Number(name)] : [];
    } catch {
      return []; // it has ended
    }
  });
}

/** Ends the servers below a folder, which a program under test may have started. */
export async function endServers(folder: string): Promise<void> {
  for (const pid of serversBelow(folder)) process.kill(pid, 'SIGKILL');
  await eventually(`no server runs below ${folder}`, () => serversBelow(folder).length === 0);
}

export class CacheSource {
  readonly folder = newFolder();
  /** When all that is in a set had been written, in milliseconds. */
  readonly written: Record<string, number> = {};
  private readonly socket = join(this.folder, 'socket');

  at(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  cli(...words: readonly string[]): string {
    return redisCli(['-s', this.socket, ...words]);
  }

  async live(): Promise<void> {
    mkdirSync(this.at('sets'));
    owned(this.folder);
    const own = ['--port', '0', '--unixsocket', this.socket, '--dir', this.folder, '--requirepass', password];
    asServer('redis-server', [...own, '--daemonize', 'yes', '--save', '', '--repl-diskless-sync-delay', '0']);
    await eventually('it answers', () => this.answers());
    const numbers = Array.from({ length: 1200 }, (_, number) => number);
    const large = numbers.map((number) => `HSET hash field${number} ${number}\nSADD set member${number}\nZADD sorted ${number} member${number}`);
    const more = ['RPUSH list a b c', 'XADD stream * field value', 'SET eternal 1 PX 900000000000', 'SELECT 3', 'SET third 1', 'SET brief 1 PX 3000'];
    const temporary = numbers.slice(0, 300).map((number) => `SET session${number} ${number} PX 900000000`);
    redisCli(['-s', this.socket], `${[...numbers.map((number) => `SET key${number} value${number}`), ...large, ...temporary, ...more].join('\n')}\n`);
    await this.makeSet('first');
    await eventually('the time of one key is over', () => this.cli('-n', '3', 'EXISTS', 'brief') === '0');
    this.cli('SET', 'newer', '1');
    await this.makeSet('second');
    await endServers(this.folder);
  }

  private answers(): boolean {
    try {
      return this.cli('PING') === 'PONG';
    } catch {
      return false;
    }
  }

  private async makeSet(name: string): Promise<void> {
    // A set tells its moment in whole seconds.
    await eventually('the middle of a second', () => Math.abs((Date.now() % 1000) - 400) < 100);
    this.written[name] = Date.now();
    this.cli('--rdb', this.at('sets', `${name}.rdb`));
  }

  async end(): Promise<void> {
    await endServers(this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class CacheHost extends ScriptHost {
  readonly port: number;

  constructor(source: CacheSource, port: number) {
    super();
    this.port = port;
    execFileSync('cp', ['-a', source.at('sets'), this.at('sets')]);
    writeFileSync(this.at('password'), `${password}\n`, { mode: 0o600 });
    this.configureServer();
    this.configure();
    owned(this.folder);
  }

  configure(settings: Readonly<Record<string, string>> = {}): void {
    this.writeConf({
      ...{ SITE: 'west', HOST: hostName, STATE_DIR: this.at('state'), RESTORE_TOOL: 'files', BACKUPS: '/nowhere', PG_DATA: '/nowhere/pg', PG_BIN: '/nowhere' },
      ...{ CACHE_BACKUPS: this.at('sets'), CACHE_DIR: this.at('cache'), CACHE_CONF: this.at('redis.conf'), CACHE_SOCKET: this.at('socket') },
      ...{ CACHE_PORT: String(this.port), CACHE_PASSFILE: this.at('password') },
      ...settings,
    });
  }

  /** The configuration of the site's own server. */
  configureServer(lines: readonly string[] = [], name = 'redis.conf', dir = this.at('cache')): void {
    const own = ['bind 127.0.0.1', `port ${this.port}`, `dir ${dir}`, `requirepass ${password}`, `logfile ${this.at('log')}`, 'save 3600 1'];
    writeFileSync(this.at(name), `${[...own, ...lines].join('\n')}\n`);
    owned(this.at(name));
  }

  /** What a program does that stands before those of the host: `real` is the one in its place. */
  shim(name: string, text: string): void {
    const real = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    if (!existsSync(this.at('bin'))) {
      mkdirSync(this.at('bin'));
      for (const program of ['redis-server', 'redis-cli', 'redis-check-rdb']) execFileSync('ln', ['-s', `/usr/bin/${program}`, this.at('bin', program)]);
    }
    rmSync(this.at('bin', name), { force: true });
    writeFileSync(this.at('bin', name), `#!/bin/sh\nreal=${real}\n${text}\nexec $real "$@"\n`, { mode: 0o755 });
    this.path = `${this.at('bin')}:${process.env['PATH']}`;
    this.configure({ REDIS_BIN: this.at('bin') });
  }

  /** A line for `shim`: wait until the file `gate` is there. */
  readonly gate = `while [ ! -f ${this.at('gate')} ]; do sleep 0.05; done`;

  openGate(): void {
    writeFileSync(this.at('gate'), '');
  }

  /** Another set, of a server that has heard nothing but these commands. */
  async makeSet(name: string, commands: readonly string[]): Promise<void> {
    mkdirSync(this.at('maker'));
    owned(this.at('maker'));
    const socket = this.at('maker', 'socket');
    const own = ['--port', '0', '--unixsocket', socket, '--dir', this.at('maker'), '--requirepass', password];
    asServer('redis-server', [...own, '--daemonize', 'yes', '--save', '', '--repl-diskless-sync-delay', '0']);
    await eventually('it answers', () => this.ask(['-s', socket, 'PING']) === 'PONG');
    redisCli(['-s', socket], `${commands.join('\n')}\n`);
    redisCli(['-s', socket, '--rdb', this.at('sets', `${name}.rdb`)]);
    await endServers(this.at('maker'));
    rmSync(this.at('maker'), { recursive: true });
  }

  start(id: string, set = 'first', epoch = 1, run = 'run-1') {
    return this.change(`cache-restore ${id} ${set}`, epoch, run);
  }

  async restore(id: string, set = 'first'): Promise<Readonly<Record<string, string>>> {
    const started = this.start(id, set);
    if (started.code !== 0) throw new Error(started.out);
    return this.ended(id);
  }

  state(): Readonly<Record<string, string>> {
    return this.verb('cache-state').fields;
  }

  /** The site's own server, as people or a supervisor start it. */
  async startServer(conf = 'redis.conf'): Promise<void> {
    asServer('redis-server', [this.at(conf), '--daemonize', 'yes']);
    await eventually('the server of the site answers', () => this.openly('PING') === 'PONG');
  }

  /** As a customer's service asks, at its address; what it says where nobody listens too. */
  openly(...words: readonly string[]): string {
    return this.ask(['-h', '127.0.0.1', '-p', String(this.port), ...words]);
  }

  closely(...words: readonly string[]): string {
    return this.ask(['-s', this.at('socket'), ...words]);
  }

  private ask(args: readonly string[]): string {
    try {
      return redisCli(args);
    } catch {
      return 'no answer';
    }
  }

  /** How many servers run in the folder of the data. */
  servers(): number {
    return serversBelow(this.at('cache')).length;
  }

  /** What stands beside the data. */
  beside(): readonly string[] {
    return readdirSync(this.folder)
      .filter((name) => name.startsWith('cache'))
      .toSorted();
  }

  async end(): Promise<void> {
    this.openGate();
    this.cancelAll();
    await endServers(this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
