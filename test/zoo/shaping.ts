/** How shapes are made on the servers of the zoo. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedMemoryInFiles } from '../../lab/postgres/shared-memory.ts';
import { pgBin, sites, type TestEstate, type TestSite } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';

/** Rights of the administrator and of replication, as an ordinary file has them. */
export const administrator = 'host all dr_admin 127.0.0.0/8 scram-sha-256';
export const observer = 'host app dr_observer 127.0.0.0/8 scram-sha-256';
const service = 'host app erlmcp 127.0.0.0/8 scram-sha-256';
export const replication = 'host replication dr_repl 127.0.0.0/8 scram-sha-256';
/** The other customers of the adversary. */
export const others = 'host app dr_repl 127.0.0.0/8 scram-sha-256';
export const ordinary = [administrator, service, others, replication];

/** `pg_hba.conf` of all three servers. */
export function accessFile(estate: TestEstate, lines: readonly string[], at: readonly TestSite[] = sites): void {
  for (const site of at) {
    writeFileSync(estate.path(site, 'pg', 'pg_hba.conf'), `${lines.join('\n')}\n`);
    reload(estate, site);
  }
}

export function reload(estate: TestEstate, site: TestSite): void {
  process.kill(Number(readFileSync(estate.path(site, 'pg', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGHUP');
}

/** Settings of a server by ALTER SYSTEM, as people make them; those that need a restart get one. */
export async function set(estate: TestEstate, site: TestSite, settings: Readonly<Record<string, string>>, { restart = false } = {}): Promise<void> {
  for (const [name, value] of Object.entries(settings)) estate.asAdministrator(site, `alter system set ${name} = ${value}`);
  if (restart) return restartDatabase(estate, site);
  estate.asAdministrator(site, 'select pg_reload_conf()');
}

export async function restartDatabase(estate: TestEstate, site: TestSite): Promise<void> {
  await estate.stopPostgres(site);
  await estate.startPostgres(site);
}

/** All standbys stream from the server that they follow, and `west` is synchronous again. */
export async function streams(estate: TestEstate, wanted = 'async\nquorum'): Promise<void> {
  await eventually('the standbys stream', () => estate.standbysOf('east') === wanted);
}

/** A line of agent.conf. */
export function agentSetting(estate: TestEstate, site: TestSite, line: string): void {
  appendFileSync(estate.path(site, 'agent.conf'), `${line}\n`);
}

/** Redis of a site with another configuration file or other arguments. */
export async function restartCache(estate: TestEstate, site: TestSite, change: (conf: string) => string, ...args: readonly string[]): Promise<void> {
  const file = estate.path(site, 'redis.conf');
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  await estate.kill(`redis-${site}`);
  await estate.startRedis(site, args.length > 0 ? args : [file]);
}

export async function cachesFollow(estate: TestEstate, online = 2): Promise<void> {
  await eventually('replicas of the cache are online', () => estate.onlineReplicas('east') === online);
  await eventually('every replica of the cache is whole', () => estate.cachesAreWhole());
}

/** What a server of another estate answers its administrator, who needs no password there. */
export function askOther(host: string, statement: string): string {
  return execFileSync('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', host, '-U', 'dr_admin', '-d', 'postgres'], {
    ...{ input: statement, env: { PATH: process.env['PATH'], PGCONNECT_TIMEOUT: '3' }, encoding: 'utf8' },
    stdio: ['pipe', 'pipe', 'pipe'],
  }).trim();
}

/** A server of another estate; its folder stands in this one, and goes with it. */
export async function anotherCluster(estate: TestEstate, name: string, host: string, ...settings: readonly string[]): Promise<void> {
  const folder = estate.path('east', name);
  mkdirSync(folder, { mode: 0o700 });
  estate.owned(folder);
  estate.asServer(join(pgBin, 'initdb'), ['-D', folder, '-U', 'dr_admin', '-A', 'trust', '-N', '--locale=C', '-E', 'UTF8']);
  writeFileSync(`${folder}/pg_hba.conf`, 'host all all 127.0.0.0/8 trust\nhost replication all 127.0.0.0/8 trust\n');
  const own = [`listen_addresses=${host}`, 'unix_socket_directories=', 'shared_buffers=16MB', 'fsync=off', sharedMemoryInFiles, ...settings];
  estate.background(join(pgBin, 'postgres'), ['-D', folder, ...own.flatMap((setting) => ['-c', setting])]);
  await eventually(`the server "${name}" answers`, () => askOther(host, 'select 1') === '1');
}

/** A command of the operator's, as an executable file; gives its path. */
export function program(estate: TestEstate, site: TestSite, name: string, text: string): string {
  const file = estate.path(site, 'shim', name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** An authority, and certificates of servers and clients that it has signed, as files that the server's account reads. */
export function certificates(
  estate: TestEstate,
  names: readonly string[],
): { readonly authority: string; certificate(name: string): string; key(name: string): string } {
  const at = (name: string) => estate.path('east', '..', 'tls', name);
  execFileSync('mkdir', ['-p', at('')]);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...curve, '-days', '30', '-subj', '/CN=authority', '-keyout', at('ca.key'), '-out', at('ca.pem'));
  for (const name of names) {
    openssl('req', ...curve, '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`));
    writeFileSync(at('ext'), `subjectAltName=${sites.map((site) => `IP:${estate.address(site)}`).join(',')}\n`);
    openssl(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
      '-CAcreateserial',
      '-days',
      '30',
      '-extfile',
      at('ext'),
      '-out',
      at(`${name}.pem`),
    );
  }
  estate.owned(at(''));
  for (const name of [...names, 'ca']) chmodSync(at(`${name}.key`), 0o600);
  return { authority: at('ca.pem'), certificate: (name) => at(`${name}.pem`), key: (name) => at(`${name}.key`) };
}

/** Something else fills the disk of a folder, but for so many KiB. */
export function fill(folder: string, leaves = 0): void {
  const kibibytes = Number(execFileSync('df', ['-k', '--output=avail', folder], { encoding: 'utf8' }).split('\n')[1]) - leaves;
  writeFileSync(`${folder}/of-somebody-else`, Buffer.alloc(kibibytes * 1024));
}
