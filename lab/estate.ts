/** The lab as a whole: sites, network and world, started, reset and ended as one. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBackups, type Backups } from './backups.ts';
import { labSites, ports, type LabSite } from './addresses.ts';
import { certificateFiles, makeCertificates } from './certificates.ts';
import { until } from './child.ts';
import type { LabContext } from './component.ts';
import { goldenCopy, type GoldenCopy } from './golden.ts';
import { createNetworkSwitch, type NetworkSwitch } from './network/switch.ts';
import { stateRoot } from './paths.ts';
import { planFolder, writePlan } from './plan.ts';
import { accounts, cacheAccounts, databaseName, primarySite, publicHost, storeSites, synchronousSite, ttlSeconds } from './settings.ts';
import { setupPaths } from './setup/paths.ts';
import { seedSessions } from './redis/seed.ts';
import { createSite, type LabSiteServers } from './site/site.ts';
import { makeKeys } from './sshd/keys.ts';
import { createWorld, type World } from './world.ts';
import type { StoreAccess } from './world-options.ts';

export type Progress = (line: string) => void;

export interface LabEstate {
  readonly addresses: LabContext['addresses'];
  readonly network: NetworkSwitch;
  readonly world: World;
  readonly backups: Backups;
  site(site: LabSite): LabSiteServers;
  start(progress: Progress): Promise<void>;
  /** Takes everything back to the beginning. */
  reset(progress: Progress): Promise<void>;
  stop(): Promise<void>;
  /** One sentence for each thing that is not well. */
  check(): Promise<string[]>;
}

export function createLabEstate(context: LabContext): LabEstate {
  let golden: GoldenCopy | undefined;
  const copy = () => {
    if (!golden) throw new Error('The golden copy is not made yet. Start the lab first.');
    return golden;
  };
  const network = createNetworkSwitch(context);
  const sites = new Map(labSites.map((site) => [site, createSite(context, site, copy)]));
  const each = <Result>(action: (site: LabSiteServers) => Promise<Result>) => Promise.all([...sites.values()].map(action));
  const world = createWorld(context, {
    publicHost,
    caFile: certificateFiles(context.directory).ca,
    motoServer: setupPaths(context.repository).motoServer,
    ttlSeconds,
    stores: () => storeAccess(context, copy()),
  });
  const site = (id: LabSite) => sites.get(id) as LabSiteServers;
  const backups = createBackups(context);

  const beginSites = async (progress: Progress) => {
    await backups.prepare();
    await each((one) => one.prepare(copy()));
    const services = each((one) => one.startService());
    services.catch(() => {});
    await each((one) => one.startStores());
    progress('stores run at three sites');
    await replicate(site, progress);
    await services;
    progress('the service runs behind TLS');
    await each((one) => one.startAgent());
    progress('the site agents look around');
  };

  return {
    addresses: context.addresses,
    network,
    world,
    backups,
    site,
    async start(progress) {
      mkdirSync(join(context.directory, 'sites'), { recursive: true });
      await Promise.all([makeKeys(context.directory), makeCertificates(context.directory), network.start()]);
      const worldStarted = startInOrder(world, progress);
      try {
        golden = await goldenCopy(stateRoot(context.repository), context.repository, context.addresses.real(primarySite), progress);
        await beginSites(progress);
      } finally {
        await worldStarted;
      }
      await writePlan(context, copy(), world.route53Ids());
      await healthChecksAgree(world);
      progress(`the plan is in ${planFolder(context.directory)}`);
    },
    async reset(progress) {
      await Promise.all([...world.components.map((component) => component.reset()), each((one) => one.stopForReset()), network.reset()]);
      await beginSites(progress);
      await writePlan(context, copy(), world.route53Ids());
    },
    async stop() {
      const ends = [...world.components.map((component) => component.stop()), each((one) => one.stop())];
      const failed = (await Promise.allSettled(ends)).find((end) => end.status === 'rejected');
      await network.stop();
      if (failed) throw failed.reason;
    },
    async check() {
      const components = await Promise.all([network, ...world.components].map((component) => component.check()));
      return [...components.filter((sentence) => sentence !== null), ...(await each((one) => one.check())).flat()];
    },
  };
}

async function startInOrder(world: World, progress: Progress): Promise<void> {
  for (const component of world.components) await component.start();
  progress('Route 53, DNS, maintenance answer, mailbox and monitoring answer');
}

/** The checks have watched sites that did not run yet; a lab is ready when they say what is so. */
async function healthChecksAgree(world: World): Promise<void> {
  const siteIsHealthy = async () => {
    const state = (await world.control['route53/state']?.({})) as { health: Record<string, { healthy: boolean }> } | undefined;
    return state?.health[world.route53Ids().siteHealthCheckId]?.healthy === true;
  };
  await until(siteIsHealthy, 60_000, () => `The health check of ${primarySite} was not healthy 60 s after its service started. Look in supervisor.log.`);
}

/** Replication first, what depends on it second: a primary that waits for a standby which is not there yet would hang at its first write. */
async function replicate(site: (id: LabSite) => LabSiteServers, progress: Progress): Promise<void> {
  const primary = site(primarySite);
  const standbys = storeSites.filter((id) => id !== primarySite);
  const streaming = async () => (await primary.postgres.query("select from pg_stat_replication where state = 'streaming'")).length >= standbys.length;
  await until(streaming, 60_000, () => 'The standbys did not stream within 60 s. Look in logs/postgres-*.log.');
  await primary.postgres.query(`alter system set synchronous_standby_names = 'ANY 1 ("${synchronousSite}")'`);
  await primary.postgres.query('select pg_reload_conf()');
  const synchronous = async () => (await primary.postgres.query("select from pg_stat_replication where sync_state = 'quorum'")).length === 1;
  await until(synchronous, 60_000, () => `${synchronousSite} did not become synchronous within 60 s. Look in logs/postgres-${primarySite}.log.`);
  const replicas = async () => (await primary.redis.as((client) => client.info('replication'))).includes(`connected_slaves:${standbys.length}`);
  await until(replicas, 60_000, () => 'The replicas of Redis were not online within 60 s. Look in logs/redis-*.log.');
  await primary.redis.as((client) => seedSessions(client, standbys.length));
  progress(`${synchronousSite} follows ${primarySite} synchronously`);
}

function storeAccess({ addresses }: LabContext, { passwords }: GoldenCopy): StoreAccess[] {
  return labSites.map((site) => ({
    site,
    database: { host: addresses.real(site), port: ports.postgres, user: accounts.admin, password: passwords.admin, database: databaseName },
    redis: { host: addresses.real(site), port: ports.redis, username: cacheAccounts.admin, password: passwords.admin },
  }));
}

/** What was killed with its supervisor may write for a moment longer, milliseconds. */
const endingWithin = 10_000;

/** Removes what an earlier lab of this name left, but for keys, certificates and what the golden copy holds. */
export async function clearRemains(directory: string): Promise<void> {
  for (const folder of ['sites', 'backups', 'logs', 'customers', 'plan', 'reports'])
    await until(
      async () => isRemoved(join(directory, folder)),
      endingWithin,
      () => `${join(directory, folder)} could not be removed: something writes there. End what an earlier lab has left, then start it again.`,
    );
  mkdirSync(join(directory, 'logs'), { recursive: true });
  writeFileSync(join(directory, 'README'), 'State of a lab. Written by dr-lab; everything here is made anew by its next start.\n');
}

/** False where somebody has put another file there meanwhile. */
function isRemoved(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    return false;
  }
}
