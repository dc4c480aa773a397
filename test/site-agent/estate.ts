/**
 * Three sites with a real PostgreSQL, Redis and sshd each, as far as the site agent and the drivers that use it are concerned: `east` is the
 * primary, `west` its synchronous standby, `north` an asynchronous one. No network between them can be cut here; the lab does that.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { dropSharedMemory, sharedMemoryInFiles } from '../../lab/postgres/shared-memory.ts';
import { estate as estateSchema } from '../../plan/schema/estate.ts';
import type { Estate } from '../../plan/schema.ts';
import { makeServerFolder } from '../support/server-files.ts';
import { answered, capacityShim, eventually, systemctlShim } from './support.ts';

export const sites = ['east', 'west', 'north'] as const;
export type TestSite = (typeof sites)[number];

const repository = join(import.meta.dirname, '..', '..');
export const pgBin = '/usr/lib/postgresql/15/bin';
const asRoot = process.getuid?.() === 0;
export const asServerUser = asRoot
  ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', '--pdeathsig', 'KILL']
  : ['setpriv', '--pdeathsig', 'KILL'];
export const serverUser = asRoot ? 'postgres' : (process.env['USER'] ?? 'nobody');
const password = 'test-only';

export interface Answer {
  readonly code: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly out: string;
}

/** What an agent that waits is told, and what is done before that. */
interface Input {
  readonly text: string;
  readonly meanwhile: () => void;
}

export class TestEstate {
  readonly directory: string;
  readonly network: number;
  private readonly postgresBin: string;
  private readonly redisServer: string;
  /** Before 7.0 some settings of the others are unknown. */
  private readonly olderRedis: boolean;
  private readonly running = new Map<string, ChildProcess>();
  private reference: Server | undefined;
  private readonly disks = new Set<string>();

  /** `servers` brings other versions than the machine's own: folder of `initdb` and `postgres`, and the program of Redis. */
  constructor(network: number, servers: { readonly postgres?: string; readonly redis?: string } = {}) {
    this.postgresBin = servers.postgres ?? pgBin;
    this.redisServer = servers.redis ?? 'redis-server';
    this.olderRedis = / v=[0-6]\./.test(execFileSync(this.redisServer, ['--version'], { encoding: 'utf8' }));
    this.network = network;
    this.directory = makeServerFolder('dr-site-agent-');
    chmodSync(this.directory, 0o755);
  }

  address(site: TestSite): string {
    return `127.${this.network}.${sites.indexOf(site) + 1}.100`;
  }

  path(site: TestSite, ...rest: readonly string[]): string {
    return join(this.directory, site, ...rest);
  }

  /** Starts everything and returns when both standbys stream and `west` is synchronous. */
  async start(): Promise<void> {
    await this.startPrimary();
    await this.stopPostgres('east');
    for (const site of ['west', 'north'] as const) this.copyPrimary(site);
    await Promise.all(sites.map((site) => this.startPostgres(site)));
    for (const site of sites) await this.startRedis(site);
    await eventually('west is synchronous', () => {
      this.sql('east', `alter system set synchronous_standby_names = 'ANY 1 ("west")'`);
      this.sql('east', 'select pg_reload_conf()');
      return this.standbysOf('east') === 'async\nquorum';
    });
    await eventually('replicas of the cache are online', () => this.onlineReplicas('east') === 2);
    this.reference = createServer((socket) => socket.on('error', () => {}).pipe(socket));
    await new Promise<void>((resolve) => this.reference?.listen(8093, `127.${this.network}.9.100`, resolve));
  }

  /** Only the database of `east`, which nobody follows. */
  async startPrimary(): Promise<void> {
    for (const site of sites) this.writeSite(site);
    writeFileSync(join(this.directory, 'password'), password);
    this.owned(this.directory);
    this.initPrimary();
    await this.startPostgres('east');
    this.sql(
      'east',
      "create role dr_repl login replication password 'test-only'; create role erlmcp login password 'test-only'; create role dr_observer login password 'test-only'",
    );
    this.sql('east', 'create database app');
    this.sql('east', readFileSync(join(repository, 'lab', 'schema.sql'), 'utf8'), 'app');
  }

  async stop(): Promise<void> {
    this.reference?.close();
    await this.killAll();
    for (const folder of [this.directory, `${this.directory}.frozen`]) rmSync(folder, { recursive: true, force: true });
  }

  /** Ends the servers in good order and keeps all their files, so that `thaw` can begin from here again. */
  async freeze(): Promise<void> {
    await this.shutDown();
    execFileSync('cp', ['-a', this.directory, `${this.directory}.frozen`]);
  }

  /** All files as they were when it was frozen, all servers up, standbys streaming, `west` synchronous, replicas online. */
  async thaw(): Promise<void> {
    await this.killAll();
    rmSync(this.directory, { recursive: true, force: true });
    execFileSync('cp', ['-a', `${this.directory}.frozen`, this.directory]);
    await Promise.all(sites.flatMap((site) => [this.startPostgres(site), this.startRedis(site)]));
    await eventually('west is synchronous, north follows', () => this.standbysOf('east') === 'async\nquorum');
    await eventually('replicas of the cache are online', () => this.onlineReplicas('east') === 2);
    await eventually('every replica of the cache is whole', () => this.cachesAreWhole());
  }

  /** A replica counts as online while it still loads what it was sent. */
  cachesAreWhole(): boolean {
    return sites.every((site) => !/master_link_status:down|master_sync_in_progress:1/.test(this.redis(site, 'INFO', 'replication')));
  }

  private async shutDown(): Promise<void> {
    await Promise.all(sites.map((site) => this.end(`redis-${site}`, 'SIGTERM')));
    for (const site of sites) await this.end(`postgres-${site}`, 'SIGINT');
  }

  /** The states of the standbys that stream from a server, by name. */
  standbysOf(site: TestSite): string {
    return this.sql(site, "select sync_state from pg_stat_replication where state = 'streaming' order by application_name").trim();
  }

  onlineReplicas(site: TestSite): number {
    return (this.redis(site, 'INFO', 'replication').match(/state=online/g) ?? []).length;
  }

  /** One verb as over SSH, where the text arrives in SSH_ORIGINAL_COMMAND; `env` is what the agent's account has besides. */
  async verb(site: TestSite, command: string, env: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.agent(site, [], { ...env, SSH_ORIGINAL_COMMAND: command });
  }

  /** A verb that changes something, in the name of run-1 with epoch 1. */
  async change(site: TestSite, command: string, epoch = 1, run = 'run-1'): Promise<Answer> {
    const [verb, ...rest] = command.split(' ');
    return this.verb(site, [verb, '--epoch', epoch, '--run', run, ...rest].join(' '));
  }

  async beat(site: TestSite): Promise<Answer> {
    return this.agent(site, ['beat'], {});
  }

  /** An agent that was started before it is known what for, and what it is told then; nothing: its caller went away. `meanwhile` is done once it waits. */
  async tellWaiting(site: TestSite, input: string, meanwhile: () => void = () => {}): Promise<Answer> {
    return this.agent(site, [], { SSH_ORIGINAL_COMMAND: 'await' }, { text: input, meanwhile });
  }

  private agent(site: TestSite, args: readonly string[], env: Readonly<Record<string, string>>, input?: Input): Promise<Answer> {
    const [program = '', ...prefix] = [...asServerUser, this.path(site, 'site-agent'), this.path(site, 'agent.conf'), ...args];
    return new Promise((resolve) => {
      const child = execFile(program, prefix, { env: { PATH: process.env['PATH'], ...env } }, (error, out) => {
        const fields = Object.fromEntries(
          answered(out).flatMap((line) => (line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [])),
        );
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, fields, out });
      });
      if (!input) return void child.stdin?.end();
      child.stdin?.on('error', () => {}); // of one that is gone already; its answer tells
      let written = '';
      const look = (data: string) => {
        written += data;
        if (!/^waits=yes$/m.test(written)) return;
        child.stdout?.off('data', look);
        input.meanwhile();
        child.stdin?.end(input.text);
      };
      child.stdout?.on('data', look);
    });
  }

  /** The test's own eyes: they wait for no standby, and set off no trigger of logins. */
  sql(site: TestSite, sql: string, database = 'postgres', user = 'dr_admin'): string {
    const version = Number(readFileSync(this.path(site, 'pg', 'PG_VERSION'), 'utf8'));
    const silent = version >= 17 && user === 'dr_admin' ? ' -c event_triggers=off' : '';
    return execFileSync(join(pgBin, 'psql'), ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', this.address(site), '-U', user, '-d', database], {
      input: sql,
      env: { PGPASSWORD: password, PGOPTIONS: `-c synchronous_commit=local${silent}`, PGCONNECT_TIMEOUT: '3' },
      stdio: ['pipe', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
  }

  /** As the administrator in his own database, which a closed server leaves to him. */
  asAdministrator(site: TestSite, sql: string): string {
    return this.sql(site, sql, 'postgres', 'dr_admin');
  }

  runs(site: TestSite): boolean {
    const child = this.running.get(`postgres-${site}`);
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  redis(site: TestSite, ...command: readonly string[]): string {
    const [user, secret = user] = readFileSync(this.path(site, 'redis-auth'), 'utf8').trim().split(' ');
    const as = user === secret ? [] : ['--user', String(user)];
    const client = [...readFileSync(this.path(site, 'agent.conf'), 'utf8').matchAll(/^REDIS_CLI=(.*)$/gm)].at(-1)?.[1] ?? '';
    return execFileSync(client, ['-h', this.address(site), ...as, ...command], {
      env: { REDISCLI_AUTH: secret, PATH: process.env['PATH'] },
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  }

  /** As customers of the cache come in: with the login that the agent has, by TLS where nothing else is served. */
  readonly caches = {
    login: (site: TestSite) => {
      const [first = '', second] = readFileSync(this.path(site, 'redis-auth'), 'utf8').trim().split(' ');
      const tls = /^tls-port /m.test(readFileSync(this.path(site, 'redis.conf'), 'utf8')) ? { tls: { rejectUnauthorized: false } } : {};
      return { ...(second === undefined ? { password: first } : { username: first, password: second }), ...tls };
    },
    command: (site: TestSite, ...words: readonly string[]) => this.redis(site, ...words),
  };

  async startPostgres(site: TestSite, ...args: readonly string[]): Promise<void> {
    this.startPostgresSilently(site, ...args);
    await eventually(`PostgreSQL of ${site} answers`, () => this.sql(site, 'select 1').trim() === '1');
  }

  /** One that may answer nobody. */
  startPostgresSilently(site: TestSite, ...args: readonly string[]): void {
    this.spawn(`postgres-${site}`, join(this.postgresBin, 'postgres'), ['-D', this.path(site, 'pg'), ...args]);
  }

  /** A program that runs beside, until the estate ends or begins anew. Gives the function that ends it before, in good order. */
  background(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): () => Promise<void> {
    const name = `background-${this.running.size}`;
    this.spawn(name, program, args, env);
    return () => this.end(name, 'SIGTERM');
  }

  /** In good order, as a service manager does it. */
  async stopPostgres(site: TestSite): Promise<void> {
    await this.end(`postgres-${site}`, 'SIGINT');
  }

  async startRedis(site: TestSite, args: readonly string[] = [this.path(site, 'redis.conf')]): Promise<void> {
    this.spawn(`redis-${site}`, this.redisServer, args);
    await eventually(`Redis of ${site} answers`, () => this.redis(site, 'PING') === 'PONG');
  }

  /** SIGKILL; returns when the process is gone. */
  async kill(name: string): Promise<void> {
    await this.end(name, 'SIGKILL');
  }

  private async killAll(): Promise<void> {
    await Promise.all([...this.running.keys()].map((name) => this.kill(name)));
    for (const site of sites) this.killByFile(this.path(site, 'pg', 'postmaster.pid'));
    await dropSharedMemory(this.directory);
    // An agent that is still at work keeps it busy.
    for (const disk of this.disks) execFileSync('umount', ['--lazy', disk]);
    this.disks.clear();
  }

  /** A folder of a site gets a disk of its own, of a size as tmpfs takes it, until the estate ends or begins anew. Nobody may be at work in it, and only root may mount. */
  moveToDisk(site: TestSite, folder: string, size: string): void {
    const path = this.path(site, folder);
    const aside = `${path}.aside`;
    renameSync(path, aside);
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', path]);
    this.disks.add(path);
    execFileSync('cp', ['-a', `${aside}/.`, path]);
    rmSync(aside, { recursive: true });
    this.owned(path);
  }

  /** A server that an agent has started is nobody's child here. */
  private killByFile(file: string): void {
    if (!existsSync(file)) return;
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.directory)) process.kill(pid, 'SIGKILL');
    } catch {
      return; // it is gone
    }
  }

  private async end(name: string, signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<void> {
    const child = this.running.get(name);
    this.running.delete(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  pid(name: string): number {
    return this.running.get(name)?.pid ?? 0;
  }

  /** sshd with the agent as forced command; returns the fingerprint of its host key. */
  async startSshd(site: TestSite): Promise<string> {
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const key = this.path(site, 'host_key');
    if (!existsSync(key)) this.asServer('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const client = join(this.directory, 'client_key');
    if (!existsSync(client)) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', client]);
    writeFileSync(
      this.path(site, 'authorized_keys'),
      `restrict,command="${this.path(site, 'site-agent')} ${this.path(site, 'agent.conf')}" ${readFileSync(`${client}.pub`, 'utf8')}`,
    );
    const conf = [
      `ListenAddress ${this.address(site)}:2222`,
      `HostKey ${key}`,
      `AuthorizedKeysFile ${this.path(site, 'authorized_keys')}`,
      `PidFile none`,
      'UsePAM no',
      'StrictModes no',
    ];
    writeFileSync(this.path(site, 'sshd.conf'), `${[...conf, 'MaxSessions 50', `AllowUsers ${serverUser}`].join('\n')}\n`);
    this.owned(this.path(site));
    this.spawn(`sshd-${site}`, '/usr/sbin/sshd', ['-D', '-e', '-f', this.path(site, 'sshd.conf')]);
    await eventually(`sshd of ${site} answers`, () => execFileSync('ssh-keyscan', ['-p', '2222', this.address(site)], { stdio: 'pipe' }).length > 0);
    return execFileSync('ssh-keygen', ['-lf', `${key}.pub`], { encoding: 'utf8' }).split(' ')[1] ?? '';
  }

  /** The estate as a plan describes it; host keys as `startSshd` gave them. */
  plan(hostKeys: Readonly<Record<TestSite, string>>): Estate {
    const observer = { user: 'dr_observer', password: 'env:TEST_PASSWORD' };
    return estateSchema.parse({
      name: 'test-estate',
      detection: {
        holdTime: 'PT3S',
        probeInterval: 'PT1S',
        probeTimeout: 'PT1S',
        evidenceMaxAge: 'PT30S',
        referenceTargets: [{ host: `127.${this.network}.9.100`, port: 8093 }],
      },
      limits: { lagBytesMax: 16_777_216, lagTimeMax: 'PT10S', heartbeatMaxAge: 'PT10S' },
      service: {
        ...{ unit: 'erlmcp', publicHost: 'service.example.com', publicPort: 8443, healthPath: '/health', metricsPath: '/metrics', uptimeMetric: 'uptime' },
        ...{ files: ['service/service.config'], certificate: { file: 'service/cert.pem', minimumValidity: 'P7D' } },
      },
      functionProbes: [{ function: 'payments', path: '/payments', tables: ['payments'], cacheKeys: ['session:*'] }],
      database: { driver: 'postgresql', name: 'app', observer, heartbeatTable: 'dr_heartbeat' },
      cache: { driver: 'redis', observer: { ...observer, user: 'default' }, replicaMaxLag: 'PT2S', writesWaitForReplicas: 1 },
      dns: {
        ...{
          driver: 'route53',
          region: 'x',
          hostedZoneId: 'Z',
          recordName: 'service.example.com',
          ttl: 'PT5S',
          epochRecordName: '_e.example.com',
          methods: ['data-plane'],
        },
        ...{ switchHealthCheckId: '0f1e2d3c-4b5a-4968-8776-655443322110', siteHealthCheckId: '0f1e2d3c-4b5a-4968-8776-655443322111' },
        ...{ healthCheck: { interval: 'PT1S', failureThreshold: 3 }, controlPlaneBound: 'PT60S' },
        ...{
          authoritativeServers: [{ host: 'x', port: 53 }],
          resolvers: [
            { host: 'x', port: 53 },
            { host: 'y', port: 53 },
          ],
        },
      },
      ssh: { user: serverUser, privateKey: `file:${join(this.directory, 'client_key')}`, connectTimeout: 'PT2S' },
      sites: Object.fromEntries(
        sites.map((site) => {
          const at = (port: number) => ({ host: this.address(site), port });
          return [
            site,
            { agent: { ...at(2222), hostKey: hostKeys[site] }, database: at(5432), cache: at(6379), service: at(8443), publicAddress: this.address(site) },
          ];
        }),
      ),
      monitoring: { url: 'http://x/' },
      mail: { server: { host: 'x', port: 25 }, from: 'dr@example.com' },
      reports: { directory: 'reports' },
    });
  }

  /** A standby from the files of the primary, which is down: any version of the server can be copied so. */
  private copyPrimary(site: TestSite): void {
    const words = `host=${this.address('east')} port=5432 user=dr_repl passfile=${this.path(site, 'pgpass')} application_name=${site}`;
    execFileSync('cp', ['-a', this.path('east', 'pg'), this.path(site, 'pg')]);
    writeFileSync(this.path(site, 'pg', 'postgresql.auto.conf'), `primary_conninfo = '${words}'\n`, { mode: 0o600 });
    writeFileSync(this.path(site, 'pg', 'standby.signal'), '');
    writeFileSync(this.path(site, 'pg', 'site.conf'), `listen_addresses = '${this.address(site)}'\n`);
    this.owned(this.path(site, 'pg'));
  }

  private initPrimary(): void {
    this.asServer(join(this.postgresBin, 'initdb'), [
      '-D',
      this.path('east', 'pg'),
      '-U',
      'dr_admin',
      '-A',
      'scram-sha-256',
      '--pwfile',
      join(this.directory, 'password'),
      '-N',
      '-k',
      '--locale=C',
      '-E',
      'UTF8',
    ]);
    const settings = [
      'fsync = off',
      'shared_buffers = 16MB',
      sharedMemoryInFiles,
      "unix_socket_directories = ''",
      'wal_level = replica',
      'wal_log_hints = on',
      'log_min_messages = warning',
      'max_wal_senders = 10',
    ];
    const replication = [
      'wal_sender_timeout = 2s',
      'wal_receiver_timeout = 2s',
      'wal_receiver_status_interval = 1s',
      'wal_retrieve_retry_interval = 500ms',
      "include_if_exists = 'site.conf'",
    ];
    writeFileSync(this.path('east', 'pg', 'postgresql.conf'), `${[...settings, ...replication].join('\n')}\n`);
    writeFileSync(this.path('east', 'pg', 'pg_hba.conf'), 'host all all 127.0.0.0/8 scram-sha-256\nhost replication dr_repl 127.0.0.0/8 scram-sha-256\n');
    writeFileSync(this.path('east', 'pg', 'site.conf'), `listen_addresses = '${this.address('east')}'\n`);
  }

  private writeSite(site: TestSite): void {
    const at = (...rest: readonly string[]) => this.path(site, ...rest);
    for (const folder of ['redis', 'state', 'service', 'shim']) mkdirSync(at(folder), { recursive: true });
    for (const program of ['site-agent', 'count-beyond']) cpSync(join(repository, 'site-agent', program), at(program));
    writeFileSync(at('pgpass'), `*:*:*:*:${password}\n`, { mode: 0o600 });
    writeFileSync(at('redis-auth'), `${password}\n`, { mode: 0o600 });
    const redis = [
      `bind ${this.address(site)}`,
      `bind-source-addr ${this.address(site)}`,
      `replica-announce-ip ${this.address(site)}`,
      `dir ${at('redis')}`,
      'save ""',
      'enable-debug-command yes',
    ].filter((line) => !this.olderRedis || !/^(bind-source-addr|enable-debug-command) /.test(line));
    const replica = [
      'repl-diskless-sync-delay 0',
      'repl-ping-replica-period 1',
      'repl-timeout 3',
      'min-replicas-to-write 1',
      'min-replicas-max-lag 2',
      `requirepass ${password}`,
      `masterauth ${password}`,
    ];
    const follow = site === 'east' ? [] : [`replicaof ${this.address('east')} 6379`];
    writeFileSync(at('redis.conf'), `${[...redis, ...replica, ...follow].join('\n')}\n`);
    writeFileSync(at('shim', 'systemctl'), systemctlShim, { mode: 0o755 });
    writeFileSync(at('shim', 'capacity'), capacityShim, { mode: 0o755 });
    writeFileSync(at('service', 'service.config'), 'present\n');
    const name = '/CN=service.example.com';
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '30',
        '-subj',
        name,
        '-addext',
        'subjectAltName=DNS:service.example.com',
        '-keyout',
        at('service', 'key.pem'),
        '-out',
        at('service', 'cert.pem'),
      ],
      { stdio: 'ignore' },
    );
    writeFileSync(at('agent.conf'), this.agentConf(site));
  }

  private agentConf(site: TestSite): string {
    const at = (...rest: readonly string[]) => this.path(site, ...rest);
    const peers = sites.filter((peer) => peer !== site);
    const ofPeer = (peer: TestSite) =>
      Object.entries({ PG: 5432, REDIS: 6379, SERVICE: 8443 }).flatMap(([server, port]) => [
        `PEER_${peer}_${server}_HOST=${this.address(peer)}`,
        `PEER_${peer}_${server}_PORT=${port}`,
      ]);
    const own = {
      SITE: site,
      STATE_DIR: at('state'),
      PG_BIN: pgBin,
      PG_DATA: at('pg'),
      PG_HOST: this.address(site),
      PG_PORT: 5432,
      PG_DATABASE: 'app',
      PG_ADMIN_USER: 'dr_admin',
    };
    const servers = {
      PG_REPLICATION_USER: 'dr_repl',
      PG_PASSFILE: at('pgpass'),
      REDIS_CLI: 'redis-cli',
      REDIS_HOST: this.address(site),
      REDIS_PORT: 6379,
      REDIS_AUTH_FILE: at('redis-auth'),
    };
    const service = {
      UNIT: 'erlmcp',
      SYSTEMCTL: at('shim', 'systemctl'),
      CAPACITY_COMMAND: at('shim', 'capacity'),
      CA_FILE: at('service', 'cert.pem'),
      SWITCH_FILE: at('state', 'switch'),
    };
    const files = {
      HEARTBEAT_TABLE: 'dr_heartbeat',
      FILES: `"${at('service', 'service.config')} ${at('service', 'absent.config')}"`,
      CERT_FILE: at('service', 'cert.pem'),
    };
    const around = {
      PEERS: `"${peers.join(' ')}"`,
      REFERENCE_TARGETS: `127.${this.network}.9.100:8093`,
      PUBLIC_HOST: 'service.example.com',
      PROBE_TIMEOUT_SECONDS: 1,
    };
    const settings = Object.entries({ ...own, ...servers, ...service, ...files, ...around }).map(([key, value]) => `${key}=${value}`);
    return `${[...settings, ...peers.flatMap(ofPeer)].join('\n')}\n`;
  }

  /** Gives files to the account that the servers run as. */
  owned(path: string): void {
    if (asRoot) execFileSync('chown', ['-R', 'postgres:postgres', path]);
  }

  asServer(program: string, args: readonly string[]): void {
    const [first = '', ...rest] = [...asServerUser, program, ...args];
    execFileSync(first, rest, { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' });
  }

  private spawn(name: string, program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    const [first = '', ...rest] = [...asServerUser, program, ...args];
    this.running.set(name, spawn(first, rest, { stdio: 'ignore', cwd: '/', env: { ...process.env, ...env } }));
  }
}
