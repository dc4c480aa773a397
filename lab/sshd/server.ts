/** sshd of one site: one user, and for each key one forced command. */
import { join } from 'node:path';
import { connect } from 'node:net';
import type { LabSite } from '../addresses.ts';
import { ports } from '../addresses.ts';
import { startChild, until, type Child } from '../child.ts';
import type { LabContext } from '../component.ts';
import { serverUser } from '../identity.ts';
import { readFileSync } from 'node:fs';
import { serverFile, serverFolder } from '../ownership.ts';
import { storeSites } from '../settings.ts';
import { program } from '../setup/paths.ts';
import { siteFolders } from '../site/folders.ts';
import { restoreCommand } from '../site/restore.ts';
import type { SiteServer } from '../site/server.ts';
import { descendants, killOne, killTree } from '../process-tree.ts';
import { keyFiles } from './keys.ts';

export interface SshServer extends SiteServer {
  /** Its files as at the beginning, or with the host key of another site. */
  prepare(keyOf?: LabSite): void;
  /** What the orchestrator's keys run from now on: a command around the agent's, and around that of restores where there is one, or null when they are no longer let in. Sessions that are open end. */
  authorize(around: ((script: string) => string) | null): void;
}

export function createSsh(context: LabContext, site: LabSite): SshServer {
  const name = `sshd-${site}`;
  const folders = siteFolders(context.directory, site);
  const keys = keyFiles(context.directory);
  const host = context.addresses.real(site);
  let child: Child | undefined;

  const agent = `${join(folders.agent, 'site-agent')} ${join(folders.agent, 'agent.conf')}`;
  const authorizedFile = join(folders.sshd, 'authorized_keys');
  const writeAuthorized = (around: ((script: string) => string) | null) => {
    const line = (runs: string, key: string) => `restrict,command="cd ${folders.root} && ${runs}" ${readFileSync(`${key}.pub`, 'utf8')}`;
    const scripts = [
      [agent, keys.orchestrator] as const,
      ...(storeSites.includes(site) ? [] : [[restoreCommand(context.directory, site), keys.restore] as const]),
    ];
    return serverFile(authorizedFile, around === null ? '' : scripts.map(([script, key]) => line(around(script), key)).join(''), 0o644);
  };

  const check = async () => ((await banner(host)) ? null : `sshd of ${site} does not answer.`);
  return {
    name,
    check,
    prepare(keyOf = site) {
      serverFolder(folders.sshd);
      const hostKey = serverFile(join(folders.sshd, 'host_key'), readFileSync(keys.hostKey(keyOf), 'utf8'));
      const authorized = writeAuthorized((script) => `exec ${script}`);
      serverFile(join(folders.sshd, 'sshd_config'), config(host, hostKey, authorized, join(folders.sshd, 'sshd.pid')));
    },
    authorize(around) {
      writeAuthorized(around);
      for (const session of child ? descendants(child.pid) : []) killOne(session, 'SIGKILL');
    },
    async start() {
      if (child?.running()) return;
      const args = ['-D', '-e', '-f', join(folders.sshd, 'sshd_config')];
      child = await startChild(context, name, { command: program('sshd'), args, cwd: folders.root, unprivileged: true });
      await until(
        async () => !child?.running() || banner(host),
        60_000,
        () => `sshd of ${site} did not start within 60 s. Look in logs/${name}.log.`,
      );
      if (!child.running()) throw new Error(`sshd of ${site} ended at its start. Look in ${join(context.directory, 'logs', `${name}.log`)}.`);
    },
    stop: () => endWithSessions(child),
    kill: () => endWithSessions(child),
    running: () => child?.running() ?? false,
  };
}

/** sshd's sessions outlive it; a dead site has none. */
async function endWithSessions(child: Child | undefined): Promise<void> {
  if (!child?.running()) return;
  await killTree(child.pid);
  await child.exited;
}

function config(host: string, hostKey: string, authorized: string, pidFile: string): string {
  return [
    `ListenAddress ${host}:${ports.ssh}`,
    `HostKey ${hostKey}`,
    `PidFile ${pidFile}`,
    `AuthorizedKeysFile ${authorized}`,
    // An absolute AuthorizedKeysFile lets its key log in as anybody: only this user may.
    `AllowUsers ${serverUser().name}`,
    'PubkeyAuthentication yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    // The state folder may lie below folders that others can write, such as a clone in /tmp.
    'StrictModes no',
    'MaxSessions 50',
    'MaxStartups 50:30:100',
    'UseDNS no',
    'PrintMotd no',
    '',
  ].join('\n');
}

/** True when the server introduces itself within 1 s. */
function banner(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: ports.ssh });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('data', (data) => end(data.toString().startsWith('SSH-')));
  });
}
