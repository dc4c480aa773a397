/** Where a site keeps its things below the lab's state folder. */
import { join } from 'node:path';
import type { LabSite } from '../addresses.ts';

export interface SiteFolders {
  readonly root: string;
  readonly pgdata: string;
  readonly redis: string;
  readonly sshd: string;
  readonly agent: string;
  readonly agentState: string;
  readonly bin: string;
  /** The application's files, as its packages would install them. */
  readonly application: string;
  readonly service: string;
  readonly switchFile: string;
  /** Of site-restore: the script, its configuration, who is let in before people accept. */
  readonly restore: string;
  /** Of what site-restore unpacks: each tree has a folder of its own, with versions and the link `current`. */
  readonly trees: { readonly application: string; readonly sessions: string };
  /** Of the socket of a restored server. */
  readonly sockets: string;
}

export function siteFolders(labDirectory: string, site: LabSite): SiteFolders {
  const root = join(labDirectory, 'sites', site);
  return {
    root,
    pgdata: join(root, 'pgdata'),
    redis: join(root, 'redis'),
    sshd: join(root, 'sshd'),
    agent: join(root, 'agent'),
    agentState: join(root, 'agent', 'state'),
    bin: join(root, 'bin'),
    application: join(root, 'etc', 'erlmcp'),
    service: join(root, 'service'),
    switchFile: join(root, 'agent', 'state', 'switch'),
    restore: join(root, 'restore'),
    trees: { application: join(root, 'trees', 'application'), sessions: join(root, 'trees', 'sessions') },
    sockets: join(root, 'run'),
  };
}

/** Where backups are, as if it were storage that every site reaches. */
export function backupFolders(labDirectory: string): {
  readonly root: string;
  readonly base: string;
  readonly wal: string;
  readonly cache: string;
  readonly restored: string;
} {
  const root = join(labDirectory, 'backups');
  return { root, base: join(root, 'base'), wal: join(root, 'wal'), cache: join(root, 'cache'), restored: join(root, 'restored') };
}

/** Application files that a site must have before it takes over, relative to the site's root, which is where its agent runs. */
export const applicationFiles = { settings: 'etc/erlmcp/erlmcp.conf', certificate: 'etc/erlmcp/tls/server.pem', key: 'etc/erlmcp/tls/server.key' } as const;
