/** A database of some gigabytes with a backup by each tool, restored as an operator does it by hand and by `site-restore`. */
import { appendFileSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { giveToServers, serverFolder } from '../../lab/ownership.ts';
import { run } from '../../lab/run.ts';
import { postgresBin } from '../../lab/setup/paths.ts';
import { RestoreHost } from './host.ts';

export const tools = ['files', 'pgbackrest'] as const;
export type Tool = (typeof tools)[number];

const withinMs = 15 * 60_000;
const [sourcePort, barePort, hostPort] = [6101, 6102, 6103];
const administrator = 'dr_admin';
/** Of pgbench: a hundred thousand rows each, 15 MB. */
const scale = 145;
/** What is replayed besides the set. */
const transactions = 40_000;

const server = (argv: readonly string[], input = '') => run(argv, { unprivileged: true, cwd: '/', withinMs, input });
const postgres = (name: string) => join(postgresBin, name);

export class BackedUpDatabase {
  readonly folder: string;
  /** The moment to which it is restored, after nearly all of its log. */
  point = '';
  private identifier = '';

  constructor(folder: string) {
    this.folder = serverFolder(folder, 0o755);
  }

  private at(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  private query(port: number, sql: string): Promise<string> {
    return server([postgres('psql'), '-XqAt', '-v', 'ON_ERROR_STOP=1', '-h', this.folder, '-p', String(port), '-U', administrator, '-d', 'postgres'], sql).then((out) => out.trim()); // prettier-ignore
  }

  /** Fills it, backs it up by both tools, and writes on for a while. Its server has ended afterwards. Answers its size in bytes. */
  async make(): Promise<number> {
    for (const name of ['base', 'wal', 'repo', 'log', 'lock', 'spool']) serverFolder(this.at(name));
    const backrest = this.backrest();
    await server([postgres('initdb'), '-D', this.at('pg'), '-U', administrator, '-A', 'trust', '-k', '--no-sync']);
    const both = `cp %p ${this.at('wal')}/%f.new && mv ${this.at('wal')}/%f.new ${this.at('wal')}/%f && ${backrest.join(' ')} --pg1-path=${this.at('pg')} archive-push %p`;
    const settings = [`listen_addresses=''`, `unix_socket_directories='${this.folder}'`, `port=${sourcePort}`, 'fsync=off', 'shared_buffers=256MB'];
    appendFileSync(this.at('pg', 'postgresql.conf'), `${[...settings, 'max_wal_size=2GB', 'archive_mode=on', `archive_command='true'`].join('\n')}\n`);
    await this.start(this.at('pg'));
    const ofServer = [`--pg1-path=${this.at('pg')}`, `--pg1-port=${sourcePort}`, `--pg1-socket-path=${this.folder}`, `--pg1-user=${administrator}`];
    await server([...backrest, ...ofServer, 'stanza-create']);
    const login = ['-h', this.folder, '-p', String(sourcePort), '-U', administrator];
    await server([postgres('pgbench'), ...login, '-i', '-q', '-s', String(scale), 'postgres']);
    await this.query(sourcePort, `alter system set archive_command = '${both}'`);
    await this.query(sourcePort, 'select pg_reload_conf()');
    await server([postgres('pg_basebackup'), ...login, '-D', this.at('base', 'first'), '-c', 'fast', '-X', 'none']);
    await server([...backrest, ...ofServer, '--start-fast', '--type=full', 'backup']);
    await server([postgres('pgbench'), ...login, '-n', '-c', '2', '-t', String(transactions / 2), 'postgres']);
    this.point = await this.query(sourcePort, `select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
    // A server stops at a moment only once it has seen a later commit.
    await this.query(sourcePort, 'create table later ()');
    const last = await this.query(sourcePort, 'select pg_walfile_name(pg_switch_wal())');
    const archived = () => this.query(sourcePort, `select last_archived_wal >= '${last}' from pg_stat_archiver`);
    for (const deadline = Date.now() + withinMs; (await archived()) !== 't'; await pause(100)) {
      if (Date.now() > deadline) throw new Error('The log of the source was not archived in time. Nothing was measured. Look in its server log.');
    }
    this.identifier = await this.query(sourcePort, 'select system_identifier from pg_control_system()');
    const bytes = Number(await this.query(sourcePort, 'select sum(pg_database_size(oid)) from pg_database'));
    await this.stop(this.at('pg'));
    rmSync(this.at('pg'), { recursive: true });
    return bytes;
  }

  /** A host that restores from the backups of one tool. */
  host(tool: Tool): RestoreHost {
    const folder = this.at(`host-${tool}`);
    return new RestoreHost(folder, {
      RESTORE_TOOL: tool,
      BACKUPS: this.folder,
      PGBACKREST: this.backrest().join(' '),
      PG_SYSTEM_IDENTIFIER: this.identifier,
      ARCHIVE_TO: serverFolder(join(folder, 'new')),
      PG_BIN: postgresBin,
      PG_DATA: join(folder, 'pg'),
      PG_PORT: String(hostPort),
      PG_SOCKETS: this.folder,
      PG_LISTEN: '',
      PG_ADMIN_USER: administrator,
      PG_LOCAL_AUTH: 'trust',
    });
  }

  /** Seconds by hand until the server is out of its recovery to the moment: what a runbook says, and no look at what came of it. */
  async bare(tool: Tool, set: string): Promise<number> {
    const data = this.at('bare');
    const begun = performance.now();
    const target = this.point.replace('T', ' ').replace('Z', '+00');
    if (tool === 'files') {
      await server(['cp', '-a', this.at('base', set), data]);
      await server([postgres('pg_verifybackup'), '-n', '-q', data]);
      this.settle(data, [`restore_command='cp "${this.at('wal')}/%f" "%p"'`, `recovery_target_time='${target}'`, `recovery_target_action='promote'`]);
    } else {
      await server([...this.backrest(), 'restore', `--set=${set}`, `--pg1-path=${data}`, '--type=time', `--target=${target}`, '--target-action=promote', '--archive-mode=off']); // prettier-ignore
      this.settle(data, []);
    }
    await this.start(data);
    for (const deadline = Date.now() + withinMs; (await this.query(barePort, 'select pg_is_in_recovery()')) !== 'f'; await pause(50)) {
      if (Date.now() > deadline) throw new Error('The restore by hand did not come out of its recovery in time. Nothing was measured.');
    }
    const seconds = (performance.now() - begun) / 1000;
    await this.stop(data);
    rmSync(data, { recursive: true });
    return seconds;
  }

  async end(): Promise<void> {
    for (const name of ['pg', 'bare', 'host-files/pg', 'host-pgbackrest/pg']) if (existsSync(this.at(name, 'postmaster.pid'))) await this.stop(this.at(name));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private settle(data: string, lines: readonly string[]): void {
    const own = [`port=${barePort}`, `unix_socket_directories='${this.folder}'`, 'archive_mode=off'];
    appendFileSync(join(data, 'postgresql.auto.conf'), `${[...own, ...lines].join('\n')}\n`);
    const signal = join(data, 'recovery.signal');
    if (existsSync(signal)) return;
    writeFileSync(signal, '');
    giveToServers(signal);
  }

  private async start(data: string): Promise<void> {
    await server([postgres('pg_ctl'), '-D', data, '-l', this.at('log', 'server'), '-w', '-t', '600', 'start']);
  }

  private async stop(data: string): Promise<void> {
    await server([postgres('pg_ctl'), '-D', data, '-m', 'fast', '-w', 'stop']);
  }

  /** With as many processes as the machine has: an operator in a hurry writes no less. */
  private backrest(): readonly string[] {
    const conf = this.at('pgbackrest.conf');
    if (!existsSync(conf)) {
      const paths = [`repo1-path=${this.at('repo')}`, `log-path=${this.at('log')}`, `lock-path=${this.at('lock')}`, `spool-path=${this.at('spool')}`];
      writeFileSync(conf, `${['[global]', ...paths, 'log-level-file=off', 'compress-type=zst', 'process-max=2', '[main]', 'pg1-path=/nowhere'].join('\n')}\n`);
    }
    return ['/usr/bin/pgbackrest', `--config=${conf}`, '--stanza=main'];
  }

  /** Name of the set that a tool has made. */
  set(tool: Tool): string {
    if (tool === 'files') return 'first';
    return readdirSync(this.at('repo', 'backup', 'main')).find((name) => /^\d{8}-\d{6}F$/.test(name)) ?? '';
  }
}
