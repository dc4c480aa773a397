/** The site agent of a host: its files, and the timer that lets it look around once a second. */
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, chmodSync, existsSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { labSites, ports, type LabAddresses, type LabSite } from '../addresses.ts';
import type { LabContext } from '../component.ts';
import { asUnprivileged } from '../identity.ts';
import type { Passwords } from '../golden.ts';
import { giveToServers, serverFile, serverFolder } from '../ownership.ts';
import { killTree } from '../process-tree.ts';
import { accounts, cacheAccounts, databaseName, publicHost, siteRoles, storeSites, unit } from '../settings.ts';
import { postgresBin, program } from '../setup/paths.ts';
import { clockVariables } from './clock.ts';
import { applicationFiles, siteFolders } from './folders.ts';
import type { SiteServer } from './server.ts';

const beatIntervalMs = 1_000;

export interface AgentTimer extends SiteServer {
  prepare(passwords: Passwords): void;
  /** What it runs from now on, `date` with it, is by a clock that is so much ahead. */
  setClock(aheadSeconds: number): void;
}

export function agentPassfile(labDirectory: string, site: LabSite): string {
  return join(siteFolders(labDirectory, site).agent, 'pgpass');
}

export function createAgent(context: LabContext, site: LabSite): AgentTimer {
  const folders = siteFolders(context.directory, site);
  const script = join(folders.agent, 'site-agent');
  const programs = [script, join(folders.agent, 'count-beyond')];
  const conf = join(folders.agent, 'agent.conf');
  let timer: NodeJS.Timeout | undefined;
  let beat: ChildProcess | undefined;

  const tick = (): Promise<void> => {
    // A round that still waits for answers is not overtaken; the next one starts as soon as it is due again.
    if (beat) return Promise.resolve();
    const [command, ...args] = asUnprivileged(['setpriv', '--pdeathsig', 'KILL', script, conf, 'beat']) as [string, ...string[]];
    const round = spawn(command, args, { cwd: folders.root, stdio: 'ignore', detached: true });
    beat = round;
    return new Promise((resolve) => {
      const ended = () => {
        beat = undefined;
        resolve();
      };
      round.once('exit', ended);
      round.once('error', ended);
    });
  };
  const stop = async () => {
    clearInterval(timer);
    timer = undefined;
    if (beat?.pid) await killTree(beat.pid);
  };

  return {
    name: `agent-${site}`,
    prepare(passwords) {
      rmSync(folders.agent, { recursive: true, force: true });
      serverFolder(folders.agent, 0o755);
      serverFolder(folders.agentState, 0o755);
      for (const program of programs) {
        copyFileSync(join(context.repository, 'site-agent', basename(program)), program);
        chmodSync(program, 0o755);
        giveToServers(program);
      }
      serverFile(
        agentPassfile(context.directory, site),
        `*:*:*:${accounts.admin}:${passwords.admin}\n*:*:*:${accounts.replication}:${passwords.replication}\n`,
      );
      serverFile(join(folders.agent, 'redis-auth'), `${cacheAccounts.admin} ${passwords.admin}\n`);
      serverFile(conf, agentConf(context, site), 0o644);
    },
    setClock(aheadSeconds) {
      const exported = Object.entries(clockVariables(aheadSeconds)).map(([name, value]) => `export ${name}='${value}'\n`);
      serverFile(conf, agentConf(context, site) + exported.join(''), 0o644);
    },
    async start() {
      if (timer) return;
      // Sites take turns within the second, so that their rounds do not fight for the processor.
      timer = setTimeout(
        () => {
          timer = setInterval(() => void tick(), beatIntervalMs);
        },
        (beatIntervalMs / labSites.length) * labSites.indexOf(site),
      );
      await tick();
    },
    check: async () => (existsSync(script) ? null : `The agent of ${site} is not installed.`),
    stop,
    kill: stop,
    running: () => timer !== undefined,
  };
}

function agentConf(context: LabContext, site: LabSite): string {
  const { addresses, directory } = context;
  const folders = siteFolders(directory, site);
  const hasStores = storeSites.includes(site);
  const peers = labSites.filter((peer) => peer !== site);
  const reference = addresses.reference(site);
  const values: Record<string, string> = {
    SITE: site,
    STATE_DIR: folders.agentState,
    PG_BIN: postgresBin,
    PG_DATA: folders.pgdata,
    PG_HOST: addresses.real(site),
    PG_PORT: String(ports.postgres),
    PG_DATABASE: databaseName,
    PG_ADMIN_USER: accounts.admin,
    PG_REPLICATION_USER: accounts.replication,
    PG_PASSFILE: agentPassfile(directory, site),
    REDIS_CLI: program('redis-cli'),
    REDIS_HOST: hasStores ? addresses.real(site) : '',
    REDIS_PORT: String(ports.redis),
    REDIS_AUTH_FILE: join(folders.agent, 'redis-auth'),
    UNIT: unit,
    SYSTEMCTL: join(folders.bin, 'systemctl'),
    CAPACITY_COMMAND: join(folders.bin, 'capacity'),
    CA_FILE: join(directory, 'ca', 'ca.pem'),
    SWITCH_FILE: folders.switchFile,
    HEARTBEAT_TABLE: 'dr_heartbeat',
    FILES: `${applicationFiles.settings} ${applicationFiles.certificate}`,
    CERT_FILE: applicationFiles.certificate,
    PEERS: peers.join(' '),
    REFERENCE_TARGETS: `${reference.host}:${reference.port}`,
    PUBLIC_HOST: publicHost,
    PROBE_TIMEOUT_SECONDS: '1',
    ...Object.assign({}, ...peers.map((peer) => peerValues(addresses, site, peer))),
  };
  return `${Object.entries(values)
    .map(([name, value]) => `${name}='${value}'`)
    .join('\n')}\n`;
}

/** Addresses of a peer as this site sees them; none of stores that the peer does not have. */
function peerValues(addresses: LabAddresses, site: LabSite, peer: LabSite): Record<string, string> {
  const prefix = `PEER_${peer.replaceAll('-', '_')}`;
  const host = addresses.seen(peer, site);
  const stores = siteRoles.some((role) => role.site === peer && role.database !== 'none');
  return {
    [`${prefix}_PG_HOST`]: stores ? host : '',
    [`${prefix}_PG_PORT`]: String(ports.postgres),
    [`${prefix}_REDIS_HOST`]: stores ? host : '',
    [`${prefix}_REDIS_PORT`]: String(ports.redis),
    [`${prefix}_SERVICE_HOST`]: host,
    [`${prefix}_SERVICE_PORT`]: String(ports.service),
  };
}
