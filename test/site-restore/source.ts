/**
 * A PostgreSQL that makes its backups by one of the tools while it lives, and a host that has nothing but those. The rows tell how far a restore came: row 1 is in the set, 2 and 3
 * stand in one segment of the log, 4 and 5 in the next, 6 in the last; `after` has a moment after each.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { dropSharedMemory, sharedMemoryInFiles } from '../../lab/postgres/shared-memory.ts';
import { pgBin } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';
import { type Answer, asServer, hostName, newFolder, owned, ScriptHost } from './host.ts';

export const tools = ['files', 'pgbackrest'] as const;
export type Tool = (typeof tools)[number];

function query(folder: string, port: number, sql: string): string {
  return asServer(join(pgBin, 'psql'), ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-h', folder, '-p', String(port), '-U', 'dr_admin', '-d', 'postgres'], sql).trim();
}

/** Ends the servers below a folder, which a program under test may have started, and takes all that they left. */
export async function removeAll(folder: string): Promise<void> {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) await endServer(join(folder, name));
  await dropSharedMemory(folder);
  rmSync(folder, { recursive: true, force: true });
}

export async function endServer(data: string, signal: 'SIGKILL' | 'SIGINT' = 'SIGKILL'): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const lives = () => existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data);
  if (!lives()) return;
  process.kill(pid, signal);
  await eventually(`the server in ${data} is gone`, () => !lives());
}

export interface SourceOptions {
  readonly checksums?: boolean;
  /** Lines of postgresql.conf, in the source and so in the set. */
  readonly settings?: readonly string[];
  /** Before the set is made, with the server up. */
  readonly before?: (source: Source) => void | Promise<void>;
}

export class Source {
  readonly folder = newFolder();
  readonly tool: Tool;
  set = '';
  identifier = '';
  /** A moment after each row, as the server's clock has it. */
  readonly after: string[] = [];
  private readonly port = 6001;

  constructor(tool: Tool) {
    this.tool = tool;
  }

  at(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  sql(sql: string): string {
    return query(this.folder, this.port, sql);
  }

  /** Lives, is backed up once, writes its rows and ends. */
  async live({ checksums = true, settings = [], before = () => {} }: SourceOptions = {}): Promise<void> {
    mkdirSync(this.at('backups'));
    for (const name of ['base', 'wal', 'repo', 'log', 'lock', 'spool']) mkdirSync(this.at('backups', name));
    owned(this.folder);
    asServer(join(pgBin, 'initdb'), ['-D', this.at('pg'), '-U', 'dr_admin', '-A', 'trust', '--wal-segsize=1', '-N', ...(checksums ? ['-k'] : [])]);
    const wal = this.at('backups', 'wal');
    const archive = {
      files: `cp %p ${wal}/%f.new && mv ${wal}/%f.new ${wal}/%f`,
      pgbackrest: `${this.backrest()} --pg1-path=${this.at('pg')} archive-push %p`,
    };
    const own = [`listen_addresses=''`, `unix_socket_directories='${this.folder}'`, `port=${this.port}`, 'archive_mode=on', 'fsync=off', sharedMemoryInFiles];
    appendFileSync(this.at('pg', 'postgresql.conf'), `${[...own, `archive_command='${archive[this.tool]}'`, ...settings].join('\n')}\n`);
    await this.start();
    this.write(1);
    await before(this);
    this.set = this.backUp();
    this.identifier = this.sql('select system_identifier from pg_control_system()');
    // The end of a set is told in whole seconds.
    const ended = Date.now();
    await eventually('a second after the end of the set', () => Date.now() > ended + 1100);
    for (const row of [2, 3, 4, 5, 6]) {
      this.write(row);
      if (row > 2 && row % 2 === 1) this.sql('select pg_switch_wal()');
    }
    this.sql('select pg_switch_wal()');
    await eventually(
      'all of the log is archived',
      () => this.sql('select last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) from pg_stat_archiver') === 't',
    );
    await endServer(this.at('pg'), 'SIGINT');
  }

  private async start(): Promise<void> {
    asServer(join(pgBin, 'pg_ctl'), ['-D', this.at('pg'), '-l', this.at('backups', 'log', 'server'), '-w', 'start']);
    this.sql('create table rows (id int primary key, at timestamptz default clock_timestamp()); create table dr_heartbeat (written_at timestamptz)');
    if (this.tool === 'pgbackrest') asServer('sh', ['-c', `${this.backrest()} ${this.ofServer()} stanza-create`]);
  }

  private write(row: number): void {
    this.sql(`with heartbeat as (insert into dr_heartbeat values (clock_timestamp())) insert into rows values (${row})`);
    this.after[row] = this.sql(`select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
  }

  private backUp(): string {
    if (this.tool === 'files') {
      asServer(join(pgBin, 'pg_basebackup'), [...['-h', this.folder, '-p', String(this.port), '-U', 'dr_admin', '-D', this.at('backups', 'base', 'first')], '-c', 'fast', '-X', 'none', '--no-verify-checksums']); // prettier-ignore
      return 'first';
    }
    asServer('sh', ['-c', `${this.backrest()} ${this.ofServer()} --start-fast --type=full backup`]);
    return readdirSync(this.at('backups', 'repo', 'backup', 'main')).find((name) => /^\d{8}-\d{6}F$/.test(name)) ?? '';
  }

  private ofServer(): string {
    return `--pg1-path=${this.at('pg')} --pg1-port=${this.port} --pg1-socket-path=${this.folder} --pg1-user=dr_admin`;
  }

  private backrest(): string {
    return backrestOf(this.at('backups'));
  }
}

/** pgBackRest with a repository in a folder; it has nothing of its own anywhere else. */
export function backrestOf(backups: string): string {
  const conf = join(backups, 'pgbackrest.conf');
  const lines = ['[global]', `repo1-path=${join(backups, 'repo')}`, `log-path=${join(backups, 'log')}`, `lock-path=${join(backups, 'lock')}`, `spool-path=${join(backups, 'spool')}`]; // prettier-ignore
  writeFileSync(conf, `${[...lines, 'log-level-file=off', 'compress-level=1', 'job-retry=0', '[main]', 'pg1-path=/nowhere'].join('\n')}\n`);
  return `/usr/bin/pgbackrest --config=${conf} --stanza=main`;
}

/** Of what `points` has said, the last set that can be restored, and the newest moment that it has. */
export function newestOf(points: string): readonly [set: string, latest: string] {
  const [, set = '', latest = ''] = [...points.matchAll(/^set=(\S+) .*latest=(\S+) usable=yes$/gm)].at(-1) ?? [];
  return [set, latest];
}

/** A host that can read the backups and has nothing else. */
export class Host extends ScriptHost {
  readonly source: Source;
  readonly port = 6002;

  constructor(source: Source, settings: Readonly<Record<string, string>> = {}) {
    super();
    this.source = source;
    execFileSync('cp', ['-a', source.at('backups'), this.at('backups')]);
    mkdirSync(this.at('new'));
    writeFileSync(this.at('pgpass'), '*:*:*:dr_admin:test-only\n', { mode: 0o600 });
    this.configure(settings);
    owned(this.folder);
  }

  configure(settings: Readonly<Record<string, string>>): void {
    const all = {
      ...{ SITE: 'west', HOST: hostName, STATE_DIR: this.at('state'), RESTORE_TOOL: this.source.tool, BACKUPS: this.at('backups') },
      ...{ PGBACKREST: `'${backrestOf(this.at('backups'))}'`, PG_BIN: pgBin, PG_DATA: this.at('pg'), PG_PORT: String(this.port), PG_SOCKETS: this.folder },
      ...{ PG_LISTEN: "''", PG_ADMIN_USER: 'dr_admin', PG_LOCAL_AUTH: 'trust', PG_PASSFILE: this.at('pgpass') },
      ...{ HEARTBEAT_TABLE: 'dr_heartbeat', PG_SYSTEM_IDENTIFIER: this.source.identifier, ARCHIVE_TO: this.at('new'), ...settings },
    };
    this.writeConf(all);
  }

  /** From now on it restores from what lies at `path`. */
  readsBackupsAt(path: string): void {
    this.configure(this.source.tool === 'files' ? { BACKUPS: path } : { PGBACKREST: `'${backrestOf(this.at('backups'))} --repo1-path=${path}'` });
  }

  /** Cancels what still runs, ends the server and takes all files away. */
  async end(): Promise<void> {
    this.cancelAll();
    await removeAll(this.folder);
  }

  start(id: string, point: string, epoch = 1, run = 'run-1'): Answer {
    return this.change(`database-restore ${id} ${this.source.set} ${point}`, epoch, run);
  }

  async restore(id: string, point: string): Promise<Readonly<Record<string, string>>> {
    const started = this.start(id, point);
    if (started.code !== 0) throw new Error(started.out);
    return this.ended(id);
  }

  sql(sql: string): string {
    return query(this.folder, this.port, sql);
  }

  rows(): string {
    return this.sql("select string_agg(id::text, ' ' order by id) from rows");
  }

  state(): Readonly<Record<string, string>> {
    return this.verb('database-state').fields;
  }

  /** The tool does its work, and ends it only once the file `gate` is there. */
  toolWaits(): void {
    const gate = `while [ ! -f ${this.at('gate')} ]; do sleep 0.05; done`;
    if (this.source.tool === 'files') this.verifyBy(`${gate}\nexec ${pgBin}/pg_verifybackup "$@"`);
    else {
      writeFileSync(this.at('waiting'), `#!/bin/sh\n/usr/bin/pgbackrest "$@" || exit\ncase " $* " in *' restore '*) ${gate} ;; esac\n`, { mode: 0o755 });
      this.configure({ PGBACKREST: `'${backrestOf(this.at('backups')).replace('/usr/bin/pgbackrest', this.at('waiting'))}'` });
    }
  }

  /** Another pg_verifybackup beside PostgreSQL's own programs. */
  verifyBy(text: string): void {
    mkdirSync(this.at('bin'));
    for (const name of readdirSync(pgBin)) if (name !== 'pg_verifybackup') symlinkSync(join(pgBin, name), this.at('bin', name));
    writeFileSync(this.at('bin', 'pg_verifybackup'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    this.configure({ PG_BIN: this.at('bin') });
  }

  /** The files of a segment in the backups. `nth` counts from the set's own first. */
  segment(nth: number): string {
    const names = this.segments();
    return names[nth] ?? '';
  }

  segments(): readonly string[] {
    const below = this.source.tool === 'files' ? this.at('backups', 'wal') : this.at('backups', 'repo', 'archive', 'main', '15-1');
    return readdirSync(below, { recursive: true, encoding: 'utf8' })
      .filter((path) => /^[0-9A-F]{24}(-[0-9a-f]{40}.*)?$/.test(basename(path)) && basename(path).slice(0, 24) >= this.first())
      .toSorted()
      .map((path) => join(below, path));
  }

  private first(): string {
    return /first_segment=([0-9A-F]{24})/.exec(this.verb('points').out)?.[1] ?? '0';
  }

  /** Each file and folder, of those whose path below the host's folder is wanted: kind, bytes, mode, inode, time of its last change. */
  inventory(wanted: (path: string) => boolean): readonly string[] {
    const files = execFileSync('find', [this.folder, '-printf', '%P\\t%y\\t%s\\t%m\\t%i\\t%T@\\n'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    return files.split('\n').filter((line) => line !== '' && wanted(line.split('\t')[0] ?? '')).toSorted(); // prettier-ignore
  }

  /** What stands beside the data. */
  beside(): readonly string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith('pg') && name !== 'pgpass').toSorted(); // prettier-ignore
  }
}
