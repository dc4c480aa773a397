/** The lab's plan folder: the organisation's plan with the lab's addresses and short times. It is what worker and commands are started with. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, isMap, isSeq, parseDocument, stringify } from 'yaml';
import { procedureNames } from '../plan/catalogue/names.ts';
import { estate as estateSchema, type Estate } from '../plan/schema/estate.ts';
import { labSites, ports, type LabSite } from './addresses.ts';
import { certificateFiles } from './certificates.ts';
import type { LabContext } from './component.ts';
import type { GoldenCopy, Passwords } from './golden.ts';
import { serverUser } from './identity.ts';
import type { Route53Ids } from './route53/estate.ts';
import { accounts, cacheAccounts, databaseName, healthCheck, publicHost, replicaMaxLagSeconds, storeSites, ttlSeconds, unit } from './settings.ts';
import { applicationFiles } from './site/folders.ts';
import { systemIdentifier } from './site/restore.ts';
import { fingerprint } from './sshd/keys.ts';
import { treeBuckets } from './trees.ts';

/** How long a run of the lab watches the recovered service: long enough to see a relapse, short enough to watch. */
const watchTime = 'PT3S';

export function planFolder(labDirectory: string): string {
  return join(labDirectory, 'plan');
}

/** Writes the folder anew. The secrets that it refers to lie beside it and not in it. */
export async function writePlan(context: LabContext, { passwords, pgdata }: GoldenCopy, ids: Route53Ids): Promise<string> {
  const folder = planFolder(context.directory);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(context.repository, 'plan', 'erlmcp'), folder, { recursive: true });
  writeSecrets(context.directory, passwords);
  mkdirSync(join(context.directory, 'reports'), { recursive: true });
  const estate = estateSchema.parse(await labEstate(context, ids, systemIdentifier(pgdata)));
  const header = '# Written by dr-lab for this lab: its addresses, and times short enough to watch.\n';
  writeFileSync(join(folder, 'estate.yaml'), `${header}${stringify({ estate })}`);
  shortenWatch(folder);
  return folder;
}

function writeSecrets(labDirectory: string, passwords: Passwords): void {
  const folder = join(labDirectory, 'secrets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const values = { 'database-observer': passwords.observer, 'cache-observer': passwords.observer, 'aws-access-key': 'lab', 'aws-secret-key': 'lab' };
  for (const [name, value] of Object.entries(values)) writeFileSync(join(folder, name), `${value}\n`, { mode: 0o600 });
}

async function labEstate(context: LabContext, ids: Route53Ids, cluster: string): Promise<Estate> {
  const { addresses, directory, name } = context;
  const sites = await Promise.all(labSites.map(async (site) => [site, siteEntry(context, site, await fingerprint(directory, site))] as const));
  return {
    name: `erlmcp-lab-${name}`,
    detection: {
      holdTime: 'PT3S',
      probeInterval: 'PT1S',
      probeTimeout: 'PT1S',
      evidenceMaxAge: 'PT30S',
      clockSkewMax: 'PT2S',
      referenceTargets: [addresses.reference('orchestrator')],
    },
    limits: { lagBytesMax: 16 * 1024 * 1024, lagTimeMax: 'PT10S', heartbeatMaxAge: 'PT10S' },
    service: {
      unit,
      publicHost,
      publicPort: ports.service,
      caFile: certificateFiles(directory).ca,
      healthPath: '/health',
      metricsPath: '/metrics',
      uptimeMetric: 'erlmcp_uptime',
      files: [applicationFiles.settings],
      certificate: { file: applicationFiles.certificate, minimumValidity: 'P14D' },
    },
    functionProbes: [
      { function: 'customer-api', path: '/customer-api', tables: ['customers', 'api_records'], cacheKeys: [] },
      { function: 'session-management', path: '/session-management', tables: [], cacheKeys: ['session:*'] },
      { function: 'payment-processing', path: '/payment-processing', tables: ['payments'], cacheKeys: [] },
      { function: 'analytics', path: '/analytics', tables: ['analytics_events'], cacheKeys: [] },
      { function: 'admin-console', path: '/admin-console', tables: ['admin_settings'], cacheKeys: [] },
    ],
    database: {
      driver: 'postgresql',
      name: databaseName,
      observer: { user: accounts.observer, password: 'file:../secrets/database-observer' },
      heartbeatTable: 'dr_heartbeat',
    },
    cache: {
      driver: 'redis',
      observer: { user: cacheAccounts.observer, password: 'file:../secrets/cache-observer' },
      replicaMaxLag: `PT${replicaMaxLagSeconds}S`,
      writesWaitForReplicas: 1,
    },
    dns: {
      driver: 'route53',
      region: 'us-east-1',
      endpoint: `http://${addresses.route53.host}:${addresses.route53.port}`,
      credentials: { accessKeyId: 'file:../secrets/aws-access-key', secretAccessKey: 'file:../secrets/aws-secret-key' },
      hostedZoneId: ids.hostedZoneId,
      recordName: publicHost,
      ttl: `PT${ttlSeconds}S`,
      epochRecordName: `_dr-epoch.${publicHost}`,
      methods: ['data-plane', 'control-plane'],
      switchHealthCheckId: ids.switchHealthCheckId,
      siteHealthCheckId: ids.siteHealthCheckId,
      healthCheck: { interval: `PT${healthCheck.intervalSeconds}S`, failureThreshold: healthCheck.failureThreshold },
      controlPlaneBound: 'PT1M',
      authoritativeServers: [{ host: addresses.authoritative, port: addresses.dns.port }],
      resolvers: addresses.resolvers.map((host) => ({ host, port: addresses.dns.port })),
      gradual: { shares: [10, 50, 100], watch: `PT${ttlSeconds}S`, remainder: addresses.maintenance.host },
    },
    ssh: { user: serverUser().name, privateKey: 'file:../keys/orchestrator', connectTimeout: 'PT2S' },
    restore: restoreOf(cluster),
    sites: Object.fromEntries(sites),
    monitoring: { url: `http://${addresses.monitoring.host}:${addresses.monitoring.port}/api/status` },
    mail: { server: addresses.smtp, from: 'disaster-recovery@erlmcp.com' },
    reports: { directory: join(directory, 'reports') },
  };
}

function restoreOf(cluster: string): Estate['restore'] {
  return {
    ssh: { user: serverUser().name, privateKey: 'file:../keys/restore' },
    database: { backup: 'postgresql', systemIdentifier: cluster },
    cache: { backup: 'redis' },
    application: { backup: 'application', from: `s3://${treeBuckets.application}` },
    sessions: { backup: 'session-data', from: `s3://${treeBuckets.sessions}` },
    references: [{ cacheKeys: 'session:*:*', part: 2, table: 'api_records', column: 'customer' }],
  };
}

function siteEntry({ addresses }: LabContext, site: LabSite, hostKey: string): Estate['sites'][string] {
  const host = addresses.seen(site, 'orchestrator');
  const stores = storeSites.includes(site);
  return {
    agent: { host, port: ports.ssh, hostKey },
    ...(stores ? { database: { host, port: ports.postgres }, cache: { host, port: ports.redis } } : {}),
    service: { host, port: ports.service },
    publicAddress: addresses.seen(site, 'customers'),
    ...(stores
      ? { switch: { url: `http://${host}:${ports.switch}` } }
      : { restore: { host, port: ports.ssh, hostKey, database: { host, port: ports.postgres }, cache: { host, port: ports.redis } } }),
  };
}

/** The hosts of the lab are there: nothing is made for them to stand on. */
function withoutInfrastructure(document: Document): void {
  const steps = document.getIn(['procedures', 'coldStart', 'steps']);
  if (!isSeq(steps)) return;
  steps.items = steps.items.filter((step) => !(isMap(step) && String(step.get('id')).endsWith('-infrastructure')));
}

/** Changes a value of each runbook and leaves the file's comments as they are. */
function shortenWatch(folder: string): void {
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith('.yaml'))) {
    const file = join(folder, name);
    const document = parseDocument(readFileSync(file, 'utf8'));
    const paths = Object.keys(procedureNames).map((name) => ['procedures', name, 'watch']);
    if (!paths.some((path) => document.hasIn(path))) continue;
    for (const path of paths) if (document.hasIn(path)) document.setIn(path, watchTime);
    withoutInfrastructure(document);
    writeFileSync(file, document.toString({ lineWidth: 0 }));
  }
}
