/** One PostgreSQL whose door is told by each test, and the certificates of a small authority. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dropSharedMemory, sharedMemoryInFiles } from '../../../lab/postgres/shared-memory.ts';
import { asServerUser, pgBin } from '../../site-agent/estate.ts';
import { makeServerFolder } from '../../support/server-files.ts';
import { until } from '../../support/until.ts';

const asRoot = process.getuid?.() === 0;

/** An authority, and what it signs: a server at `address`, and the client `name`. All files are in `folder`. */
export function makeCertificates(folder: string, address: string, name: string): void {
  const openssl = (...words: readonly string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Authority of the test');
  for (const [file, subject, alternative] of [
    ['server', `/CN=${address}`, `subjectAltName=IP:${address}`],
    ['client', `/CN=${name}`, 'extendedKeyUsage=clientAuth'],
  ] as const) {
    openssl('req', ...key, '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', subject);
    writeFileSync(join(folder, 'extensions'), alternative);
    openssl('x509', '-req', '-in', `${file}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${file}.pem`, '-extfile', 'extensions');
  }
}

/** A database `lending` with the tables of `test/plans/library`, and an administrator who comes by the socket. */
export class OnePostgres {
  readonly folder = makeServerFolder('dr-access-');
  readonly port = 6545;
  readonly address: string;
  private child: ChildProcess | undefined;

  constructor(address: string) {
    this.address = address;
    chmodSync(this.folder, 0o755);
  }

  async start(): Promise<void> {
    this.own();
    this.asServer(join(pgBin, 'initdb'), ['-D', this.data(), '-U', 'librarian', '-A', 'trust', '-N', '--locale=C', '-E', 'UTF8']);
    makeCertificates(this.folder, this.address, 'desk_watch');
    this.own();
    chmodSync(join(this.folder, 'server.key'), 0o600);
    const settings = {
      listen_addresses: this.address,
      port: this.port,
      unix_socket_directories: this.folder,
      shared_buffers: '16MB',
      max_wal_senders: 4,
    };
    const files = { ssl_cert_file: 'server.pem', ssl_key_file: 'server.key', ssl_ca_file: 'ca.pem' };
    const lines = [...Object.entries(settings), ...Object.entries(files).map(([key, file]) => [key, join(this.folder, file)])];
    writeFileSync(
      join(this.data(), 'postgresql.conf'),
      `${lines.map(([key, value]) => `${key} = '${value}'`).join('\n')}\nfsync = off\n${sharedMemoryInFiles}\n`,
    );
    this.openTo();
    const [program, ...words] = [...asServerUser, join(pgBin, 'postgres'), '-D', this.data()];
    this.child = spawn(program, words, { stdio: 'ignore', cwd: '/' });
    await until('PostgreSQL answers', async () => (this.sql('select 1', 'postgres') === '1' ? true : undefined));
    this.sql('create database lending', 'postgres');
    for (const table of ['loans', 'readers', 'titles', 'reservations']) this.sql(`create table ${table} (id int); insert into ${table} values (1)`);
    this.sql(
      /CREATE TABLE dr_heartbeat \([^;]+;/.exec(readFileSync(join(import.meta.dirname, '../../../docs/own-estate.md'), 'utf8'))?.[0].replace('dr_', 'desk_') ??
        '',
    );
  }

  /** As the administrator; the answer without its last newline. */
  sql(sql: string, database = 'lending'): string {
    const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', this.folder, '-p', String(this.port), '-U', 'librarian', '-d', database];
    return execFileSync(join(pgBin, 'psql'), args, { input: sql, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] }).trim();
  }

  /** The whole of `pg_hba.conf` but for the administrator's line. Not read before `reload`. */
  openTo(...lines: readonly string[]): void {
    writeFileSync(join(this.data(), 'pg_hba.conf'), `${['local all librarian trust', ...lines].join('\n')}\n`);
  }

  /** Returns when the server has read its settings. */
  async reload(): Promise<void> {
    const loaded = () => this.sql('select pg_conf_load_time()');
    const before = loaded();
    this.sql('select pg_reload_conf()');
    await until('PostgreSQL has read its settings', async () => (loaded() === before ? undefined : true));
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child && child.exitCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    await dropSharedMemory(this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }

  data(): string {
    return join(this.folder, 'pg');
  }

  private own(): void {
    if (asRoot) execFileSync('chown', ['-R', 'postgres:postgres', this.folder]);
  }

  private asServer(program: string, args: readonly string[]): void {
    const [first = '', ...rest] = [...asServerUser, program, ...args];
    execFileSync(first, rest, { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' });
  }
}
