/**
 * What an administrator has and the lab does not give away: a key of his own that opens a shell on each host, beside the forced command of the site agent, and the
 * passwords of the local administrators. Written into the lab's own files after each reset; the lab knows nothing of it.
 */
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labSites, ports, type LabAddresses, type LabSite } from '../../lab/addresses.ts';
import { certificateFiles } from '../../lab/certificates.ts';
import { serverUser } from '../../lab/identity.ts';
import { serverFile } from '../../lab/ownership.ts';
import { run } from '../../lab/run.ts';
import { accounts, cacheAccounts, publicHost, replicaMaxLagSeconds, ttlSeconds } from '../../lab/settings.ts';
import { postgresBin, program } from '../../lab/setup/paths.ts';
import { agentPassfile } from '../../lab/site/agent.ts';
import { siteFolders } from '../../lab/site/folders.ts';
import { keyFiles } from '../../lab/sshd/keys.ts';
import type { Plan } from '../../plan/schema.ts';
import { failedSite, targetSite, thirdSite } from '../scene.ts';

/** Names of the hosts as the source document has them. */
const hostNames = { primary: failedSite, secondary: targetSite, tertiary: thirdSite } as const;

export interface Lab {
  readonly directory: string;
  readonly addresses: LabAddresses;
}

/** Lets the administrator's key into every site. To be called after each reset, which writes the sites' files anew. */
export async function letAdministratorIn(lab: Lab, folder: string): Promise<void> {
  const key = join(folder, 'admin');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(key)) await run([program('ssh-keygen'), '-q', '-t', 'ed25519', '-N', '', '-C', 'administrator', '-f', key]);
  const publicKey = readFileSync(`${key}.pub`, 'utf8');
  for (const site of labSites) {
    const login = loginOf(lab, site);
    appendFileSync(join(siteFolders(lab.directory, site).sshd, 'authorized_keys'), `restrict,command="${login}" ${publicKey}`);
  }
}

/** The environment of a login: the local administrator's psql, the site's service manager. */
function loginOf({ directory, addresses }: Lab, site: LabSite): string {
  const folders = siteFolders(directory, site);
  const file = join(folders.bin, 'admin-login');
  const variables = {
    PATH: `${folders.bin}:${postgresBin}:/usr/local/bin:/usr/bin:/bin`,
    PGHOST: addresses.real(site),
    PGPORT: String(ports.postgres),
    PGUSER: accounts.admin,
    PGDATABASE: 'postgres',
    PGPASSFILE: agentPassfile(directory, site),
    PGCONNECT_TIMEOUT: '2',
    HOME: folders.root,
  };
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`);
  serverFile(file, ['#!/bin/sh', ...exports, `cd '${folders.root}' && exec sh -c "$SSH_ORIGINAL_COMMAND"`, ''].join('\n'), 0o755);
  chmodSync(file, 0o755);
  return file;
}

/** An SSH configuration for `primary`, `secondary` and `tertiary`: the plan's connect time-out, pinned host keys, one kept connection for each host. */
export function writeSshConfig(lab: Lab, folder: string, connectTimeoutSeconds: number): string {
  const known = join(folder, 'known_hosts');
  const file = join(folder, 'ssh_config');
  const hosts = Object.entries(hostNames).map(([name, site]) => ({ name, site, host: lab.addresses.seen(site, 'orchestrator') }));
  const hostKey = (site: LabSite) =>
    readFileSync(`${keyFiles(lab.directory).hostKey(site)}.pub`, 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');
  writeFileSync(known, hosts.map(({ site, host }) => `[${host}]:${ports.ssh} ${hostKey(site)}\n`).join(''));
  const shared = [
    `  User ${serverUser().name}`,
    `  Port ${ports.ssh}`,
    `  IdentityFile ${join(folder, 'admin')}`,
    '  IdentitiesOnly yes',
    '  BatchMode yes',
    '  StrictHostKeyChecking yes',
    `  UserKnownHostsFile ${known}`,
    `  ConnectTimeout ${connectTimeoutSeconds}`,
    '  ControlMaster auto',
    `  ControlPath ${join(folder, 'cm-%C')}`,
    '  ControlPersist 60',
    '  LogLevel ERROR',
  ];
  writeFileSync(file, [...hosts.map(({ name, host }) => `Host ${name}\n  HostName ${host}`), 'Host *', ...shared, ''].join('\n'));
  return file;
}

/** Everything that the peers' scripts are told, as environment variables. */
export function peerEnvironment(lab: Lab, plan: Plan, files: { readonly sshConfig: string; readonly aws: string }): Record<string, string> {
  const { addresses, directory } = lab;
  const seconds = (duration: string) => duration.replace(/^PT(\d+)S$/, '$1');
  const { dns, monitoring, detection } = plan.estate;
  return {
    SSH_CONFIG: files.sshConfig,
    AWS: files.aws,
    PRIMARY: addresses.seen(hostNames.primary, 'orchestrator'),
    SECONDARY: addresses.seen(hostNames.secondary, 'orchestrator'),
    TERTIARY: addresses.seen(hostNames.tertiary, 'orchestrator'),
    SECONDARY_SEEN_BY_TERTIARY: addresses.seen(hostNames.secondary, hostNames.tertiary),
    TERTIARY_SEEN_BY_SECONDARY: addresses.seen(hostNames.tertiary, hostNames.secondary),
    CONNINFO_TO_SECONDARY: connectionTo(lab, hostNames.secondary, hostNames.tertiary),
    CONNINFO_TO_TERTIARY: connectionTo(lab, hostNames.tertiary, hostNames.secondary),
    TERTIARY_SITE: hostNames.tertiary,
    REDIS_USER: cacheAccounts.admin,
    REDISCLI_AUTH: passwordOf(agentPassfile(directory, hostNames.secondary), accounts.admin),
    CACHE_MAX_LAG_SECONDS: String(replicaMaxLagSeconds),
    PUBLIC_HOST: publicHost,
    SERVICE_PORT: String(ports.service),
    CA_FILE: certificateFiles(directory).ca,
    PROBE_TIMEOUT_SECONDS: seconds(detection.probeTimeout),
    MONITORING_URL: monitoring.url,
    HOSTED_ZONE_ID: dns.hostedZoneId,
    SET_IDENTIFIER: 'primary',
    SWITCH_HEALTH_CHECK_ID: dns.switchHealthCheckId,
    TARGET_PUBLIC_ADDRESS: addresses.seen(hostNames.secondary, 'customers'),
    TTL_SECONDS: String(ttlSeconds),
    ROUTE53_ENDPOINT: dns.endpoint ?? '',
    AWS_ACCESS_KEY_ID: 'lab',
    AWS_SECRET_ACCESS_KEY: 'lab',
    AWS_DEFAULT_REGION: dns.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    PATH: `${postgresBin}:${process.env.PATH ?? ''}`,
  };
}

/** How the database of one site follows that of another. */
function connectionTo({ addresses, directory }: Lab, source: LabSite, follower: LabSite): string {
  const passfile = agentPassfile(directory, follower);
  return `host=${addresses.seen(source, follower)} port=${ports.postgres} user=${accounts.replication} passfile=${passfile} application_name=${follower} connect_timeout=2`;
}

/** Lines of a pgpass file are `host:port:database:user:password`. */
function passwordOf(passfile: string, user: string): string {
  const line = readFileSync(passfile, 'utf8')
    .split('\n')
    .find((candidate) => candidate.split(':')[3] === user);
  if (line === undefined) throw new Error(`${passfile} holds no password of ${user}. Nothing was changed. Start the lab again.`);
  return line.split(':')[4] ?? '';
}
