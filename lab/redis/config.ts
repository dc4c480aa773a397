/** Redis's configuration file at a site. The server rewrites it when its agent changes settings, so it is written once, when the site is made. */
import type { LabAddresses, LabSite } from '../addresses.ts';
import { ports } from '../addresses.ts';
import type { Passwords } from '../golden.ts';
import { cacheAccounts, replicaMaxLagSeconds, type Account } from '../settings.ts';

/** What each account may do. The observer counts and compares; the service uses sessions; replication copies. */
const permissions: Readonly<Record<Account, string>> = {
  admin: '~* &* +@all',
  replication: '+psync +replconf +ping',
  service: '~* &* +@read +@write +@connection +@transaction +@scripting -@dangerous +info +wait',
  observer: '~* resetchannels -@all +info +role +scan +dbsize +ping +select +client|setname', // as `dr estate check` prints it
};

export function redisConfig(folder: string, site: LabSite, upstream: LabSite | null | 'alone', addresses: LabAddresses, passwords: Passwords): string {
  const own = addresses.real(site);
  const users = (Object.keys(cacheAccounts) as Account[]).map((account) => `user ${cacheAccounts[account]} on >${passwords[account]} ${permissions[account]}`);
  return [
    `bind ${own}`,
    `port ${ports.redis}`,
    `dir ${folder}`,
    'daemonize no',
    'protected-mode no',
    // site-restore is no user of its own.
    upstream === 'alone' ? `user default on >${passwords.admin} ~* &* +@all` : 'user default off',
    ...users,
    `masteruser ${cacheAccounts.replication}`,
    `masterauth ${passwords.replication}`,
    `replica-announce-ip ${own}`,
    `replica-announce-port ${ports.redis}`,
    'repl-diskless-sync-delay 0',
    'repl-ping-replica-period 1',
    'repl-timeout 3',
    'repl-backlog-size 16mb',
    `min-replicas-to-write ${upstream === 'alone' ? 0 : 1}`,
    `min-replicas-max-lag ${replicaMaxLagSeconds}`,
    'enable-debug-command yes',
    // A primary that is killed and started again must not come back empty: its replicas would empty themselves.
    'appendonly yes',
    'appendfsync no',
    'save ""',
    ...(upstream === null || upstream === 'alone' ? [] : [`replicaof ${addresses.seen(upstream, site)} ${ports.redis}`]),
    '',
  ].join('\n');
}
