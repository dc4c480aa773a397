/** The erlmcp stand-in of a site as a unit of a service manager: started, stopped and enabled by verbs, with worker units as its capacity. */
import { existsSync, readFileSync, rmSync, writeFileSync, copyFileSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ports, type LabSite } from '../addresses.ts';
import { certificateFiles } from '../certificates.ts';
import { nodeProgram, startChild, until, type Child } from '../child.ts';
import type { LabContext } from '../component.ts';
import type { StandInConfig } from '../erlmcp/config.ts';
import { readFaults } from '../erlmcp/faults.ts';
import type { Passwords } from '../golden.ts';
import { giveToServers, serverFolder } from '../ownership.ts';
import { accounts, cacheAccounts, databaseName, publicHost, ratePerWorker, siteRoles, unitsAtFullCapacity } from '../settings.ts';
import { applicationFiles, siteFolders } from './folders.ts';
import type { SiteServer } from './server.ts';

export interface ServiceUnit extends SiteServer {
  /** Installs the application as it is at the beginning. A running one takes the beginning's capacity and has no faults any more. */
  prepare(passwords: Passwords): void;
  enabled(): boolean;
  enable(enabled: boolean): void;
  /** Worker units in percent of full capacity. */
  capacity(): number;
  setCapacity(percent: number): void;
  /** True when the unit is part of the site at the beginning. */
  readonly expected: boolean;
  readonly faultsFile: string;
}

export function createService(context: LabContext, site: LabSite): ServiceUnit {
  const name = `erlmcp-${site}`;
  const folders = siteFolders(context.directory, site);
  const { workers } = siteRoles.find((role) => role.site === site) as (typeof siteRoles)[number];
  const configFile = join(folders.service, 'config.json');
  const workersFile = join(folders.service, 'workers');
  const enabledFile = join(folders.service, 'enabled');
  const faultsFile = join(folders.service, 'faults.json');
  const host = context.addresses.real(site);
  let child: Child | undefined;
  /** It was told to stop, perhaps while it started: then its end is no failure. */
  let told = false;
  const capacity = () => (existsSync(workersFile) ? Math.round((Number(readFileSync(workersFile, 'utf8')) * 100) / unitsAtFullCapacity) : 0);

  return {
    name,
    expected: workers !== null,
    faultsFile,
    capacity,
    prepare(passwords) {
      rmSync(folders.service, { recursive: true, force: true });
      rmSync(folders.application, { recursive: true, force: true });
      mkdirSync(folders.service, { recursive: true });
      installApplication(context, site);
      writeFileSync(configFile, JSON.stringify(configuration(context, site, passwords, workers ?? 0)), { mode: 0o600 });
      writeFileSync(workersFile, `${workers ?? 0}\n`);
      if (workers !== null) writeFileSync(enabledFile, '');
      if (child?.running()) child.signal('SIGHUP');
    },
    enabled: () => existsSync(enabledFile),
    enable(enabled) {
      if (enabled) writeFileSync(enabledFile, '');
      else rmSync(enabledFile, { force: true });
    },
    setCapacity(percent) {
      writeFileSync(workersFile, `${Math.round((percent * unitsAtFullCapacity) / 100)}\n`);
      if (child?.running()) child.signal('SIGHUP');
    },
    async start() {
      if (child?.running()) return;
      told = false;
      if (!existsSync(configFile)) throw new Error(`Unit erlmcp.service not found: nothing is installed at ${site}.`);
      const { command, args } = nodeProgram(import.meta.url, '../erlmcp/main');
      child = await startChild(context, name, { command, args: [...args, configFile], cwd: folders.root });
      // Like a service manager, which knows of a process that loads only that it runs.
      if (readFaults(faultsFile).startSeconds !== undefined) return;
      await until(
        async () => !child?.running() || accepts(host),
        60_000,
        () => `erlmcp of ${site} did not listen within 60 s. Look in logs/${name}.log.`,
      );
      if (!child.running() && !told) throw new Error(`erlmcp of ${site} ended at its start. Look in ${join(context.directory, 'logs', `${name}.log`)}.`);
    },
    check: async () => (workers === null || child?.running() ? null : `erlmcp of ${site} does not run.`),
    async stop() {
      told = true;
      await child?.stop(2_000);
    },
    kill: async () => child?.stop(1_000, 'SIGKILL'),
    running: () => child?.running() ?? false,
  };
}

function installApplication(context: LabContext, site: LabSite): void {
  const folders = siteFolders(context.directory, site);
  const certificates = certificateFiles(context.directory);
  serverFolder(join(folders.application, 'tls'), 0o755);
  writeFileSync(join(folders.root, applicationFiles.settings), `site = ${site}\nname = ${publicHost}\n`);
  copyFileSync(certificates.certificate(site), join(folders.root, applicationFiles.certificate));
  copyFileSync(certificates.key(site), join(folders.root, applicationFiles.key));
  for (const file of Object.values(applicationFiles)) giveToServers(join(folders.root, file));
}

function configuration(context: LabContext, site: LabSite, passwords: Passwords, workers: number): StandInConfig {
  const folders = siteFolders(context.directory, site);
  const host = context.addresses.real(site);
  const passwordFile = join(folders.service, 'password');
  writeFileSync(passwordFile, `${passwords.service}\n`, { mode: 0o600 });
  return {
    site,
    host,
    port: ports.service,
    certFile: join(folders.root, applicationFiles.certificate),
    keyFile: join(folders.root, applicationFiles.key),
    workers,
    ratePerWorker,
    database: { host, port: ports.postgres, user: accounts.service, passwordFile, database: databaseName },
    redis: { host, port: ports.redis, user: cacheAccounts.service, passwordFile },
    stateDir: folders.service,
    trees: folders.trees,
    faultsFile: join(folders.service, 'faults.json'),
  };
}

function accepts(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: ports.service });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
