/**
 * The two sites of `test/plans/library`, as far as agents and drivers go: PostgreSQL and sshd on the plan's ports, runit as service manager, no Redis anywhere.
 * `lyon` is the primary, `gent` its synchronous standby. The agent is installed by docs/own-estate.md, whose SQL makes its tables.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { dropSharedMemory, sharedMemoryInFiles } from '../../lab/postgres/shared-memory.ts';
import { program } from '../../lab/setup/paths.ts';
import { loadPlan } from '../../plan/load.ts';
import type { Plan } from '../../plan/schema.ts';
import { asServerUser, pgBin, serverUser, type Answer } from './estate.ts';
import { makeServerFolder } from '../support/server-files.ts';
import { answered, capacityShim, eventually } from './support.ts';

export const branches = ['lyon', 'gent'] as const;
export type Branch = (typeof branches)[number];

const repository = join(import.meta.dirname, '..', '..');
const admin = 'librarian';
export const branchPassword = 'test-only';
const [databasePort, agentPort] = [6543, 2210];

export class Branches {
  readonly directory = makeServerFolder('dr-branches-');
  private readonly network: number;
  private readonly running = new Map<string, ChildProcess>();
  private reference: Server | undefined;

  constructor(network: number) {
    this.network = network;
    chmodSync(this.directory, 0o755);
  }

  address(branch: Branch): string {
    return `127.${this.network}.${branches.indexOf(branch) + 1}.120`;
  }

  path(branch: Branch, ...rest: readonly string[]): string {
    return join(this.directory, branch, ...rest);
  }

  /** Starts everything and returns when `gent` is the synchronous standby of `lyon`. */
  async start(): Promise<void> {
    writeFileSync(join(this.directory, 'password'), branchPassword);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(this.directory, 'keeper')]);
    for (const branch of branches) this.writeBranch(branch);
    this.own();
    this.initPrimary();
    await this.startDatabase('lyon');
    this.makeTables();
    const source = `host=${this.address('lyon')} port=${databasePort} user=copies passfile=${this.path('gent', 'pgpass')} application_name=gent`;
    this.asServer(join(pgBin, 'pg_basebackup'), ['-D', this.path('gent', 'pg'), '-d', source, '-R', '-X', 'stream', '-c', 'fast', '--no-sync']);
    this.listenAt('gent');
    await this.startDatabase('gent');
    this.waitFor('ANY 1 ("gent")');
    await eventually('gent is synchronous', () => this.sql('lyon', 'select sync_state from pg_stat_replication').trim() === 'quorum');
    for (const branch of branches) await this.startSupervisor(branch);
    this.reference = createServer((socket) => socket.on('error', () => {}).pipe(socket));
    await new Promise<void>((resolve) => this.reference?.listen(8094, `127.${this.network}.9.120`, resolve));
  }

  async stop(): Promise<void> {
    this.reference?.close();
    // A supervisor that is asked to end takes its service down first.
    await Promise.all([...this.running.keys()].map((name) => this.end(name, name.startsWith('runsv') ? 'SIGTERM' : 'SIGKILL')));
    await dropSharedMemory(this.directory);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The plan with the addresses that its servers have here. */
  async plan(hostKeys: Readonly<Record<Branch, string>>): Promise<Plan> {
    const { plan } = await loadPlan(join(repository, 'test', 'plans', 'library'));
    const sites = branches.map((branch) => {
      const site = plan.estate.sites[branch];
      if (!site?.database) throw new Error(`The plan has no database at ${branch}.`);
      const host = this.address(branch);
      const agent = { ...site.agent, host, hostKey: hostKeys[branch] };
      return [branch, { ...site, agent, database: { ...site.database, host }, service: { ...site.service, host }, publicAddress: host }];
    });
    const detection = { ...plan.estate.detection, referenceTargets: [{ host: `127.${this.network}.9.120`, port: 8094 }] };
    const ssh = { ...plan.estate.ssh, user: serverUser, privateKey: `file:${join(this.directory, 'keeper')}` };
    return { ...plan, estate: { ...plan.estate, detection, ssh, sites: Object.fromEntries(sites) } };
  }

  /** The agent as the timer of its host runs it, or with the words of a client over SSH. */
  async agent(branch: Branch, words: { readonly timer: string } | { readonly client: string }): Promise<Answer> {
    const args = [this.path(branch, 'site-agent'), this.path(branch, 'agent.conf'), ...('timer' in words ? [words.timer] : [])];
    const [first = '', ...rest] = [...asServerUser, ...args];
    const env = { PATH: process.env['PATH'], ...('client' in words ? { SSH_ORIGINAL_COMMAND: words.client } : {}) };
    return new Promise((resolve) => {
      execFile(first, rest, { env }, (error, out) => {
        const lines = answered(out).filter((line) => line.includes('='));
        const fields = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, fields, out });
      });
    });
  }

  sql(branch: Branch, sql: string, database = 'postgres', user = admin): string {
    const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', this.address(branch), '-p', String(databasePort), '-U', user, '-d', database];
    const env = { PGPASSWORD: branchPassword, PGOPTIONS: '-c synchronous_commit=local', PGCONNECT_TIMEOUT: '3' };
    return execFileSync(join(pgBin, 'psql'), args, { input: sql, env, stdio: ['pipe', 'pipe', 'pipe'], encoding: 'utf8' });
  }

  /** Which standbys the primary waits for. */
  waitFor(names: string): void {
    this.sql('lyon', `alter system set synchronous_standby_names = '${names}'`);
    this.sql('lyon', 'select pg_reload_conf()');
  }

  async startDatabase(branch: Branch): Promise<void> {
    this.spawn(`postgres-${branch}`, join(pgBin, 'postgres'), ['-D', this.path(branch, 'pg')]);
    await eventually(`PostgreSQL of ${branch} answers`, () => this.sql(branch, 'select 1').trim() === '1');
  }

  /** sshd with the agent as forced command; returns the fingerprint of its host key. */
  async startSshd(branch: Branch): Promise<string> {
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const key = this.path(branch, 'host_key');
    if (!existsSync(key)) this.asServer('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    this.spawn(`sshd-${branch}`, program('sshd'), ['-D', '-e', '-f', this.path(branch, 'sshd.conf')]);
    const port = String(agentPort);
    await eventually(`sshd of ${branch} answers`, () => execFileSync('ssh-keyscan', ['-p', port, this.address(branch)], { stdio: 'pipe' }).length > 0);
    return execFileSync('ssh-keygen', ['-lf', `${key}.pub`], { encoding: 'utf8' }).split(' ')[1] ?? '';
  }

  /** Lets a database offer TLS under a certificate that signs itself; gives its path. */
  serveTls(branch: Branch): string {
    const certificate = this.path(branch, 'pg', 'server.crt');
    const host = this.address(branch);
    const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=IP:${host}`];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', this.path(branch, 'pg', 'server.key')];
    this.asServer('openssl', ['req', '-x509', ...key, '-out', certificate, ...subject]);
    this.sql(branch, 'alter system set ssl = on');
    this.sql(branch, 'select pg_reload_conf()');
    return certificate;
  }

  async end(name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const child = this.running.get(name);
    this.running.delete(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  private async startSupervisor(branch: Branch): Promise<void> {
    this.spawn(`runsv-${branch}`, program('runsv'), [this.path(branch, 'sv', 'lending')]);
    await eventually(`runsv of ${branch} answers`, () => existsSync(this.path(branch, 'sv', 'lending', 'supervise', 'ok')));
  }

  private initPrimary(): void {
    const password = join(this.directory, 'password');
    const options = ['-U', admin, '-A', 'scram-sha-256', '--pwfile', password, '-N', '-k', '--locale=C', '-E', 'UTF8'];
    this.asServer(join(pgBin, 'initdb'), ['-D', this.path('lyon', 'pg'), ...options]);
    const settings = [
      'fsync = off',
      'shared_buffers = 16MB',
      sharedMemoryInFiles,
      "unix_socket_directories = ''",
      'wal_level = replica',
      `port = ${databasePort}`,
    ];
    const replication = ['wal_receiver_timeout = 2s', 'wal_receiver_status_interval = 1s', 'wal_retrieve_retry_interval = 500ms'];
    writeFileSync(this.path('lyon', 'pg', 'postgresql.conf'), `${[...settings, ...replication, "include_if_exists = 'site.conf'"].join('\n')}\n`);
    writeFileSync(this.path('lyon', 'pg', 'pg_hba.conf'), 'host all all 127.0.0.0/8 scram-sha-256\nhost replication copies 127.0.0.0/8 scram-sha-256\n');
    this.listenAt('lyon');
  }

  private listenAt(branch: Branch): void {
    writeFileSync(this.path(branch, 'pg', 'site.conf'), `listen_addresses = '${this.address(branch)}'\n`);
  }

  /** The application's own tables, and those of the agent as the documentation gives them, under the names of this plan. */
  private makeTables(): void {
    const roles = ['copies login replication', 'desk login', 'desk_watch login'].map((role) => `create role ${role} password '${branchPassword}';`);
    this.sql('lyon', `${roles.join('')} grant pg_monitor to desk_watch;`);
    this.sql('lyon', 'create database lending');
    const [, documented = ''] = /```sql\n([^`]+)```/.exec(readFileSync(join(repository, 'docs', 'own-estate.md'), 'utf8')) ?? [];
    this.sql('lyon', documented.replaceAll('dr_heartbeat', 'desk_heartbeat').replaceAll('dr_observer', 'desk_watch'), 'lending');
    const tables = ['loans', 'readers', 'titles', 'reservations'].map((table) => `create table ${table} (id int primary key);`);
    this.sql('lyon', `${tables.join('')} grant select on loans, readers, titles, reservations to desk_watch; grant insert on loans to desk;`, 'lending');
  }

  private writeBranch(branch: Branch): void {
    const at = (...rest: readonly string[]) => this.path(branch, ...rest);
    for (const folder of ['state', 'sv/lending', 'bin']) mkdirSync(at(folder), { recursive: true });
    for (const program of ['site-agent', 'count-beyond']) cpSync(join(repository, 'site-agent', program), at(program));
    writeFileSync(at('pgpass'), `*:*:*:*:${branchPassword}\n`, { mode: 0o600 });
    writeFileSync(at('sv', 'lending', 'run'), '#!/bin/sh\nexec sleep 3600\n', { mode: 0o755 });
    // A service directory with a file `down` is one that runit does not start by itself.
    if (branch === 'gent') writeFileSync(at('sv', 'lending', 'down'), '');
    writeFileSync(at('bin', 'capacity'), capacityShim, { mode: 0o755 });
    writeFileSync(at('agent.conf'), this.agentConf(branch));
    const key = readFileSync(join(this.directory, 'keeper.pub'), 'utf8');
    writeFileSync(at('authorized_keys'), `restrict,command="${at('site-agent')} ${at('agent.conf')}" ${key}`);
    const files = [`HostKey ${at('host_key')}`, `AuthorizedKeysFile ${at('authorized_keys')}`, 'PidFile none', 'UsePAM no', 'StrictModes no'];
    writeFileSync(at('sshd.conf'), `${[`ListenAddress ${this.address(branch)}:${agentPort}`, ...files, `AllowUsers ${serverUser}`].join('\n')}\n`);
  }

  private agentConf(branch: Branch): string {
    const at = (...rest: readonly string[]) => this.path(branch, ...rest);
    const peer = branch === 'lyon' ? 'gent' : 'lyon';
    const folder = at('sv', 'lending');
    const sv = program('sv');
    const settings = {
      ...{ SITE: branch, STATE_DIR: at('state'), PEERS: peer, UNIT: 'lending', HEALTH_PATH: '/alive', PUBLIC_HOST: 'desk.library.example' },
      ...{ PG_BIN: pgBin, PG_DATA: at('pg'), PG_HOST: this.address(branch), PG_PORT: databasePort, PG_DATABASE: 'lending', PG_ADMIN_USER: admin },
      ...{ PG_REPLICATION_USER: 'copies', PG_PASSFILE: at('pgpass'), HEARTBEAT_TABLE: 'desk_heartbeat' },
      ...{ SERVICE_START: `"${sv} up ${folder}"`, SERVICE_STOP: `"${sv} down ${folder}"` },
      ...{ SERVICE_ENABLE: `"rm -f ${folder}/down"`, SERVICE_ENABLED: `"test ! -e ${folder}/down"` },
      ...{ SERVICE_ACTIVE: `"${sv} status ${folder}"`, SERVICE_ACTIVE_ANSWER: "'run: *'" },
      ...{ CAPACITY_COMMAND: at('bin', 'capacity'), SWITCH_FILE: at('state', 'switch'), REFERENCE_TARGETS: `127.${this.network}.9.120:8094` },
      ...{ [`PEER_${peer}_PG_HOST`]: this.address(peer), [`PEER_${peer}_PG_PORT`]: databasePort },
      ...{ [`PEER_${peer}_SERVICE_HOST`]: this.address(peer), [`PEER_${peer}_SERVICE_PORT`]: 9443 },
    };
    return `${Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n')}\n`;
  }

  private own(): void {
    if (process.getuid?.() === 0)
      execFileSync('chown', ['-R', 'postgres:postgres', ...branches.map((branch) => this.path(branch)), join(this.directory, 'password')]);
  }

  private asServer(name: string, args: readonly string[]): void {
    const [first = '', ...rest] = [...asServerUser, name, ...args];
    execFileSync(first, rest, { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' });
  }

  private spawn(name: string, file: string, args: readonly string[]): void {
    const [first = '', ...rest] = [...asServerUser, file, ...args];
    this.running.set(name, spawn(first, rest, { stdio: 'ignore', cwd: '/' }));
  }
}
