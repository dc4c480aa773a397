/** The lab's own PostgreSQL and Redis servers, as the people of an ordinary estate set them up: by SQL, by files, by their command lines. A reset of the lab takes it all back. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabAddresses, LabSite } from '../../lab/addresses.ts';
import { ports } from '../../lab/addresses.ts';
import { addressesOf, labHandle } from '../../lab/cli/call.ts';
import { asUnprivileged } from '../../lab/identity.ts';
import { giveToServers } from '../../lab/ownership.ts';
import { accounts, cacheAccounts, databaseName, storeSites } from '../../lab/settings.ts';
import { program } from '../../lab/setup/paths.ts';
import { agentPassfile } from '../../lab/site/agent.ts';
import { siteFolders } from '../../lab/site/folders.ts';
import { photographOf, type Photograph } from '../zoo/photograph.ts';
import { until } from '../support/until.ts';
import type { Scenarios } from './scenarios.ts';

export class Servers {
  /** The application's database. */
  readonly database = databaseName;
  private readonly scenarios: Scenarios;
  private readonly directory: string;
  private readonly addresses: LabAddresses;

  constructor(scenarios: Scenarios) {
    const lab = labHandle(scenarios.stack.options.lab);
    const addresses = addressesOf(lab);
    if (!addresses) throw new Error(`The lab "${lab.name}" was never started.`);
    this.scenarios = scenarios;
    this.directory = lab.directory;
    this.addresses = addresses;
  }

  /** Where the site's servers listen. */
  address(site: LabSite): string {
    return this.addresses.real(site);
  }

  folders(site: LabSite) {
    return siteFolders(this.directory, site);
  }

  /** What the administrator of a database is answered. His commits wait for no standby. */
  sql(site: LabSite, sql: string, database = 'postgres'): string {
    const as = ['-h', this.address(site), '-p', String(ports.postgres), '-U', accounts.admin, '-d', database];
    return execFileSync(program('psql'), ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', ...as], {
      input: sql,
      env: { PGPASSFILE: agentPassfile(this.directory, site), PGOPTIONS: '-c synchronous_commit=local', PGCONNECT_TIMEOUT: '3' },
      stdio: ['pipe', 'pipe', 'pipe'],
      encoding: 'utf8',
    }).trim();
  }

  redis(site: LabSite, ...command: readonly string[]): string {
    const as = ['-h', this.address(site), '-p', String(ports.redis), '--user', cacheAccounts.admin];
    const options = { env: { REDISCLI_AUTH: this.cachePassword(site) }, encoding: 'utf8', stdio: 'pipe' } as const;
    return execFileSync(program('redis-cli'), [...as, ...command], options).trim();
  }

  /** What the service logs in to the database with. */
  servicePassword(): string {
    const { database } = JSON.parse(readFileSync(join(this.folders('us-east-1').service, 'config.json'), 'utf8')) as { database: { passwordFile: string } };
    return readFileSync(database.passwordFile, 'utf8').trim();
  }

  /** `pg_hba.conf` of a site: these lines behind those of the agent and the observer. */
  accessFile(site: LabSite, ...lines: readonly string[]): void {
    const own = [`host all ${accounts.admin} samehost scram-sha-256`, `host all ${accounts.observer} 127.0.0.0/8 scram-sha-256`];
    writeFileSync(join(this.folders(site).pgdata, 'pg_hba.conf'), `${[...own, ...lines].join('\n')}\n`);
    this.sql(site, 'select pg_reload_conf()');
  }

  /** Settings by ALTER SYSTEM, as people make them. */
  set(site: LabSite, settings: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(settings)) this.sql(site, `alter system set ${name} = ${value}`);
    this.sql(site, 'select pg_reload_conf()');
  }

  async restartDatabase(site: LabSite): Promise<void> {
    const fault = { name: 'database-dead', site };
    await this.scenarios.control('fault/inject', fault);
    await this.scenarios.control('fault/heal', fault);
  }

  /** Both standbys stream from the primary, and one of them is synchronous. */
  async stream(primary: LabSite): Promise<void> {
    await until('both standbys stream', async () => (this.standbysOf(primary) === 'async,quorum' ? true : undefined), 30);
  }

  /** How the standbys that stream from a server are waited for. */
  standbysOf(primary: LabSite): string {
    return this.sql(primary, "select string_agg(sync_state, ',' order by sync_state) from pg_stat_replication where state = 'streaming'");
  }

  /** A slot of its own at the primary for each standby. */
  async slots(primary: LabSite): Promise<void> {
    for (const site of storeSites.filter((other) => other !== primary)) {
      const slot = `slot_${site.replaceAll('-', '_')}`;
      this.sql(primary, `select pg_create_physical_replication_slot('${slot}')`);
      this.set(site, { primary_slot_name: `'${slot}'` });
    }
    const used = async () => (this.sql(primary, 'select count(*) from pg_replication_slots where active') === '2' ? true : undefined);
    await until('both slots are in use', used, 30);
    await this.stream(primary);
  }

  /** A Sentinel that watches the caches of the lab; gives how it is ended. */
  async sentinel(primary: LabSite): Promise<() => void> {
    const folder = join(this.folders('ap-southeast-1').root, 'sentinel');
    mkdirSync(folder);
    const lines = [
      ...[`bind ${this.address('ap-southeast-1')}`, 'port 26379', `dir ${folder}`, 'protected-mode no'],
      ...[`sentinel monitor cache ${this.address(primary)} ${ports.redis} 1`, 'sentinel down-after-milliseconds cache 60000'],
      ...[`sentinel auth-user cache ${cacheAccounts.admin}`, `sentinel auth-pass cache ${this.cachePassword(primary)}`],
    ];
    writeFileSync(join(folder, 'sentinel.conf'), `${lines.join('\n')}\n`);
    for (const path of [folder, join(folder, 'sentinel.conf')]) giveToServers(path);
    const [command, ...args] = asUnprivileged(['setpriv', '--pdeathsig', 'KILL', program('redis-server'), join(folder, 'sentinel.conf'), '--sentinel']);
    const child = spawn(command as string, args, { stdio: 'ignore' });
    const watched = async () => (storeSites.every((site) => this.redis(site, 'CLIENT', 'LIST').includes('name=sentinel-')) ? true : undefined);
    await until('Sentinel watches all caches', watched, 30);
    return () => void child.kill('SIGKILL');
  }

  photograph(): Photograph {
    return photographOf(
      storeSites.map((site) => ({
        site,
        pgdata: this.folders(site).pgdata,
        sql: (sql) => this.sql(site, sql),
        redis: (...command) => this.redis(site, ...command),
      })),
    );
  }

  private cachePassword(site: LabSite): string {
    return (
      readFileSync(join(this.folders(site).agent, 'redis-auth'), 'utf8')
        .trim()
        .split(' ')[1] ?? ''
    );
  }
}
