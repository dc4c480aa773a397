/** A whole site: its servers, in the order in which they start. */
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabSite } from '../addresses.ts';
import { until } from '../child.ts';
import type { LabContext } from '../component.ts';
import type { GoldenCopy } from '../golden.ts';
import { giveToServers, serverFolder } from '../ownership.ts';
import { createPostgres, type PostgresServer } from '../postgres/server.ts';
import { createRedis, type RedisServer } from '../redis/server.ts';
import { primarySite, siteRoles } from '../settings.ts';
import { createSsh, type SshServer } from '../sshd/server.ts';
import { agentPassfile, createAgent, type AgentTimer } from './agent.ts';
import { type SiteFolders, siteFolders } from './folders.ts';
import { createRestored, type RestoredServer } from './restore.ts';
import { createRouteSwitch } from './route-switch.ts';
import type { SiteServer } from './server.ts';
import { createService, type ServiceUnit } from './service.ts';

export interface LabSiteServers {
  readonly site: LabSite;
  readonly hasStores: boolean;
  readonly folders: SiteFolders;
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  /** What site-restore has restored and started there. */
  readonly restored: RestoredServer;
  readonly ssh: SshServer;
  readonly agent: AgentTimer;
  readonly routeSwitch: SiteServer;
  readonly service: ServiceUnit;
  /** Ends what has data or memory of a run: stores, timer, and a service where there should be none. The others may go on over a reset. */
  stopForReset(): Promise<void>;
  /** The beginning: files of a site on which nothing has run. Its stores and its timer must not run. */
  prepare(golden: GoldenCopy): Promise<void>;
  /** Database, cache, sshd and switch, as the site has them. */
  startStores(): Promise<void>;
  /** The stand-in where it is installed; it waits for its stores by itself. */
  startService(): Promise<void>;
  /** The agent's timer, after its first round: from then on there is a heartbeat. */
  startAgent(): Promise<void>;
  stop(): Promise<void>;
  /** Every process of the site ends at once, as when its power is cut. */
  kill(): Promise<void>;
  /** The clock of its host and of its database, which starts anew and has its standbys again at the end. */
  setClock(aheadSeconds: number): Promise<void>;
  /** What `kill` ended starts again as it was. */
  revive(): Promise<void>;
  /** One sentence for each server that is not well. */
  check(): Promise<string[]>;
}

export function createSite(context: LabContext, site: LabSite, golden: () => GoldenCopy): LabSiteServers {
  const { database } = siteRoles.find((role) => role.site === site) as (typeof siteRoles)[number];
  const hasStores = database !== 'none';
  const postgres = createPostgres(context, site, agentPassfile(context.directory, site));
  const redis = createRedis(context, site, () => golden().passwords);
  const ssh = createSsh(context, site);
  const agent = createAgent(context, site);
  const routeSwitch = createRouteSwitch(context, site);
  const service = createService(context, site);
  const restored = createRestored(context, site);
  const host: readonly SiteServer[] = [ssh, routeSwitch];
  // A site that is built from backups has a cache with nothing in it, and a database once that is restored.
  const stores: readonly SiteServer[] = hasStores ? [postgres, redis] : [restored, redis];
  const all: readonly SiteServer[] = [...stores, ...host, service, agent];
  let killed: readonly SiteServer[] = [];

  return {
    site,
    hasStores,
    folders: siteFolders(context.directory, site),
    postgres,
    redis,
    restored,
    ssh,
    agent,
    routeSwitch,
    service,
    async prepare(copy) {
      killed = [];
      installTools(context, site);
      agent.prepare(copy.passwords);
      service.prepare(copy.passwords);
      ssh.prepare();
      const upstream = database === 'primary' ? null : primarySite;
      if (hasStores) await postgres.prepare(copy, upstream);
      else await restored.prepare(copy);
      redis.prepare(hasStores ? upstream : 'alone');
    },
    startStores: async () => void (await Promise.all([...stores, ...host].map((server) => server.start()))),
    async stopForReset() {
      const unexpected = service.expected ? [] : [service];
      await Promise.all([...stores, agent, ...unexpected].map((server) => server.stop()));
    },
    startService: async () => (service.expected ? service.start() : undefined),
    startAgent: () => agent.start(),
    stop: async () => void (await Promise.all([...all].reverse().map((server) => server.stop()))),
    async kill() {
      const running = all.filter((server) => server.running());
      if (running.length > 0) killed = running;
      await Promise.all(running.map((server) => server.kill()));
    },
    async setClock(aheadSeconds) {
      agent.setClock(aheadSeconds);
      postgres.setClock(aheadSeconds);
      if (hasStores && postgres.running()) await startAnew(postgres, site);
    },
    async revive() {
      for (const server of killed) await server.start();
      killed = [];
    },
    async check() {
      const expected = all.filter((server) => server !== service || service.expected);
      return (await Promise.all(expected.map((server) => server.check()))).filter((sentence) => sentence !== null);
    },
  };
}

/** In order, and until its standbys are there again. */
async function startAnew(postgres: PostgresServer, site: LabSite): Promise<void> {
  const standbys = async () => (await postgres.query("select from pg_stat_replication where state = 'streaming'")).length;
  const before = await standbys();
  await postgres.stopInOrder();
  await postgres.start();
  await until(
    async () => (await standbys()) >= before,
    60_000,
    () => `The standbys of ${site} did not stream within 60 s. Look in logs/postgres-*.log.`,
  );
}

/** `systemctl` and `capacity` of the site, with the address of the supervisor that answers them. */
function installTools(context: LabContext, site: LabSite): void {
  const folders = siteFolders(context.directory, site);
  serverFolder(folders.root, 0o755);
  serverFolder(folders.bin, 0o755);
  for (const tool of ['systemctl', 'capacity']) {
    const target = join(folders.bin, tool);
    copyFileSync(join(context.repository, 'lab', 'site', tool), target);
    chmodSync(target, 0o755);
    giveToServers(target);
  }
  const { host, port } = context.addresses.control;
  writeFileSync(join(folders.bin, 'lab.conf'), `SITE='${site}'\nCONTROL='http://${host}:${port}'\n`, { mode: 0o644 });
}
