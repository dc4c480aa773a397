/** A cache of half a gigabyte and its set, loaded as an operator does it by hand and by `site-restore`. */
import { spawn } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { asUnprivileged } from '../../lab/identity.ts';
import { giveToServers, serverFile, serverFolder } from '../../lab/ownership.ts';
import { run } from '../../lab/run.ts';
import { program } from '../../lab/setup/paths.ts';
import { RestoreHost } from './host.ts';

const withinMs = 10 * 60_000;
const [sourcePort, barePort, hostPort] = [6111, 6112, 6113];
const keys = 1_000_000;
const valueBytes = 500;
const set = 'snapshot-1';

export class BackedUpCache {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = serverFolder(folder, 0o755);
  }

  private at(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** Fills a server, saves it and ends it. Answers the bytes of the set. */
  async make(): Promise<number> {
    serverFolder(this.at('sets'));
    this.settings('source', sourcePort, 'no');
    await this.serve('source', sourcePort, async (client) => {
      // Text that a compressor cannot make short, of the server's own making: a million requests would take a minute.
      await client.eval(
        `local text = redis.sha1hex('bench') for i = 1, tonumber(ARGV[1]) do text = redis.sha1hex(text .. i) redis.call('SET', 'key:' .. i, string.sub(string.rep(text, 13) .. i, -tonumber(ARGV[2]))) end`,
        0,
        keys,
        valueBytes,
      );
      await client.save();
    });
    copyFileSync(this.at('source', 'dump.rdb'), this.at('sets', `${set}.rdb`));
    giveToServers(this.at('sets', `${set}.rdb`));
    rmSync(this.at('source'), { recursive: true });
    return statSync(this.at('sets', `${set}.rdb`)).size;
  }

  host(keepsLog: 'yes' | 'no'): RestoreHost {
    const folder = this.at(`host-${keepsLog}`);
    serverFolder(folder, 0o755);
    const conf = serverFile(join(folder, 'redis.conf'), settings(join(folder, 'redis'), hostPort, keepsLog));
    // PostgreSQL's settings are asked of every host; none is restored here.
    const database = { RESTORE_TOOL: 'files', BACKUPS: folder, PG_SYSTEM_IDENTIFIER: '1', ARCHIVE_TO: folder, PG_BIN: folder, PG_DATA: join(folder, 'pg'), PG_LISTEN: '', PG_ADMIN_USER: 'none' }; // prettier-ignore
    return new RestoreHost(folder, {
      ...database,
      CACHE_DIR: join(folder, 'redis'),
      CACHE_BACKUPS: this.at('sets'),
      CACHE_CONF: conf,
      CACHE_PORT: String(hostPort),
      REDIS_BIN: dirname(program('redis-server')),
    });
  }

  /** What `cache-restore` is asked for. */
  readonly set = set;

  /** Seconds by hand: the set is checked, copied and loaded, and with an append-only file that is written from what was loaded. */
  async bare(keepsLog: 'yes' | 'no'): Promise<number> {
    const begun = performance.now();
    const file = this.at('sets', `${set}.rdb`);
    await run([program('redis-check-rdb'), file], { unprivileged: true, cwd: '/', withinMs });
    this.settings('bare', barePort, 'no');
    await run(['cp', file, this.at('bare', 'dump.rdb')], { unprivileged: true, cwd: '/', withinMs });
    let seconds = NaN;
    await this.serve('bare', barePort, async (client) => {
      if (keepsLog === 'yes') {
        await client.config('SET', 'appendonly', 'yes');
        const written = async () => /^aof_rewrite_in_progress:0\r?$/m.test(await client.info('persistence')) && /^aof_rewrite_scheduled:0\r?$/m.test(await client.info('persistence')); // prettier-ignore
        for (const deadline = Date.now() + withinMs; !(await written()); await pause(50)) if (Date.now() > deadline) throw new Error('The append-only file was not written in time. Nothing was measured.'); // prettier-ignore
      }
      seconds = (performance.now() - begun) / 1000;
    });
    rmSync(this.at('bare'), { recursive: true });
    return seconds;
  }

  end(): void {
    for (const pid of this.servers()) process.kill(pid, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private settings(name: string, port: number, keepsLog: 'yes' | 'no'): void {
    serverFolder(this.at(name));
    serverFile(this.at(name, 'redis.conf'), settings(this.at(name), port, keepsLog));
  }

  /** A server for as long as `use` takes, from when it has loaded all of its data. */
  private async serve(name: string, port: number, use: (client: Redis) => Promise<void>): Promise<void> {
    const [command = '', ...args] = asUnprivileged([program('redis-server'), this.at(name, 'redis.conf')]);
    const child = spawn(command, args, { stdio: 'ignore', cwd: '/' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // It asks again until it is there and ready.
    const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50, maxLoadingRetryTime: 50, maxRetriesPerRequest: null });
    client.on('error', () => {});
    try {
      await client.ping();
      await use(client);
    } finally {
      client.disconnect();
      child.kill('SIGKILL');
      await ended;
    }
  }

  private servers(): readonly number[] {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isServer(name, this.folder)).map(Number); // prettier-ignore
  }
}

function settings(folder: string, port: number, keepsLog: 'yes' | 'no'): string {
  return ['bind 127.0.0.1', `port ${port}`, `dir ${folder}`, 'save ""', 'rdbcompression no', `appendonly ${keepsLog}`, 'enable-debug-command yes', ''].join(
    '\n',
  );
}

function isServer(pid: string, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('redis-server');
  } catch {
    return false; // It has ended.
  }
}
