/** Redis as people run it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { sites, type TestEstate, type TestSite } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';
import { agentSetting, cachesFollow, certificates, fill, program, restartCache, streams } from './shaping.ts';
import type { Shape } from './shape.ts';

const set = (name: string, like: string, ...settings: readonly (readonly string[])[]): Shape<TestEstate> => ({
  ...{ name, like, group: 'cache', expected: { comes: 'works' } },
  setUp: (estate) => {
    for (const site of sites) for (const setting of settings) estate.redis(site, 'CONFIG', 'SET', ...setting);
  },
});

export const cacheShapes: readonly Shape<TestEstate>[] = [
  set('replica-priority 0', 'No replica may be chosen by Sentinel.', ['replica-priority', '0']),
  set('maxmemory with eviction', 'Keys are evicted when memory is full.', ['maxmemory', '50mb'], ['maxmemory-policy', 'allkeys-lru']),
  set('append-only file', 'Each write goes into the append-only file.', ['appendonly', 'yes']),
  set('snapshots only', 'RDB snapshots, no append-only file.', ['save', '60 1'], ['appendonly', 'no']),
  set('diskless replication', 'A replica is filled without a file.', ['repl-diskless-sync', 'yes'], ['repl-diskless-load', 'on-empty-db']),
  set('replicas that take writes', 'Replicas are not read-only.', ['replica-read-only', 'no']),
  {
    name: 'old directive names',
    group: 'cache',
    like: 'The file says slaveof and min-slaves-to-write, as before Redis 5.',
    setUp: async (estate) => {
      for (const site of sites)
        await restartCache(estate, site, (conf) =>
          conf.replace('min-replicas-to-write', 'min-slaves-to-write').replace('min-replicas-max-lag', 'min-slaves-max-lag').replace('replicaof', 'slaveof'),
        );
      await cachesFollow(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'a chain of replicas',
    group: 'cache',
    like: 'One replica follows the other.',
    setUp: async (estate) => {
      estate.redis('north', 'REPLICAOF', estate.address('west'), '6379');
      await cachesFollow(estate, 1);
      await eventually('north follows west', () => estate.onlineReplicas('west') === 1);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'no configuration file',
    group: 'cache',
    like: 'The target´s server was started with its settings as arguments.',
    setUp: async (estate) => {
      await restartCache(estate, 'west', (conf) => conf, ...argumentsOf(estate, 'west'));
      await cachesFollow(estate);
    },
    expected: { comes: 'works with an exception', says: /Redis at west was started without a configuration file: what a run sets there ends with a restart/ },
  },
  {
    name: 'no configuration file at the lost site',
    group: 'cache',
    like: 'The primary´s server was started with its settings as arguments.',
    setUp: async (estate) => {
      await restartCache(estate, 'east', (conf) => conf, ...argumentsOf(estate, 'east'));
      await cachesFollow(estate);
    },
    expected: { comes: 'works with an exception', says: /Redis at east was started without a configuration file/ },
  },
  {
    name: 'a configuration file that cannot be replaced',
    group: 'cache',
    like: 'The file is mounted, or belongs to somebody else.',
    setUp: async (estate) => {
      execFileSync('mkdir', ['-p', estate.path('west', 'fixed')]);
      execFileSync('cp', [estate.path('west', 'redis.conf'), estate.path('west', 'fixed', 'redis.conf')]);
      execFileSync('chmod', ['555', estate.path('west', 'fixed')]);
      execFileSync('chmod', ['444', estate.path('west', 'fixed', 'redis.conf')]);
      await restartCache(estate, 'west', (conf) => conf, estate.path('west', 'fixed', 'redis.conf'));
      await cachesFollow(estate);
    },
    expected: { comes: 'works with an exception', says: /Redis at west has not kept this over a restart, since CONFIG REWRITE says: ERR/ },
  },
  {
    name: 'users by ACL only',
    group: 'cache',
    like: 'The default user is off; people, programs and replicas have names.',
    setUp: async (estate) => {
      for (const site of sites) {
        await restartCache(
          estate,
          site,
          (conf) =>
            `${conf.replace(/^requirepass.*\n/m, '').replace(/^masterauth.*$/m, 'masterauth copies')}masteruser replica\nuser default off\nuser boss on >test-only ~* &* +@all\nuser replica on >copies +psync +replconf +ping\n`,
        ).catch(() => undefined);
        writeFileSync(estate.path(site, 'redis-auth'), 'boss test-only\n');
      }
      await cachesFollow(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'TLS only',
    group: 'cache',
    like: 'No port without TLS; replicas copy by TLS. REDIS_CLI is a program that adds --tls.',
    setUp: async (estate) => {
      const tls = certificates(estate, ['cache']);
      const settings = [
        'tls-port 6379',
        `tls-cert-file ${tls.certificate('cache')}`,
        `tls-key-file ${tls.key('cache')}`,
        `tls-ca-cert-file ${tls.authority}`,
        'tls-auth-clients no',
        'tls-replication yes',
      ];
      for (const site of sites) {
        agentSetting(estate, site, `REDIS_CLI=${program(estate, site, 'redis-by-tls', `exec redis-cli --tls --cacert ${tls.authority} "$@"`)}`);
        await restartCache(estate, site, (conf) => `${conf}port 0\n${settings.join('\n')}\n`);
      }
      await cachesFollow(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'an administrator who may not administer',
    group: 'cache',
    like: 'The agent´s user lacks CONFIG.',
    setUp: (estate) => {
      estate.redis('west', 'ACL', 'SETUSER', 'boss', 'on', '>test-only', '~*', '&*', '+@all', '-config|set', '-config|rewrite');
      writeFileSync(estate.path('west', 'redis-auth'), 'boss test-only\n');
    },
    expected: { comes: 'refused', says: /Redis at west: .*no permissions.*allow boss at west: \+replicaof \+config/ },
  },
  {
    name: 'renamed commands',
    group: 'cache',
    like: 'CONFIG has another name.',
    setUp: async (estate) => {
      await restartCache(estate, 'west', (conf) => `${conf}rename-command CONFIG hidden\n`);
      await cachesFollow(estate);
    },
    expected: { comes: 'refused', says: /Redis at west knows no command config/ },
  },
  {
    name: 'cluster mode',
    group: 'cache',
    like: 'The servers are nodes of a Redis Cluster.',
    setUp: async (estate) => {
      await restartCache(estate, 'west', (conf) => `${conf.replace(/^(slaveof|replicaof) .*\n/gm, '')}cluster-enabled yes\n`);
    },
    expected: { comes: 'refused', says: /Redis at west runs in cluster mode/ },
  },
  {
    name: 'another password at the target',
    group: 'cache',
    like: 'A replica could not log in at the target.',
    setUp: (estate) => {
      estate.redis('north', 'CONFIG', 'SET', 'masterauth', 'of-last-year');
    },
    expected: { comes: 'refused', says: /the cache at west does not take masterauth of the cache at north/ },
  },
  {
    name: 'a fenced former primary that was made a replica by hand',
    group: 'cache',
    like: 'Its note of the fence is there, and what it noted is gone.',
    setUp: (estate) => writeFileSync(estate.path('west', 'state', 'cache-closed'), '1\n'),
    expected: { comes: 'works' },
  },
  {
    name: 'a fenced former primary that still refuses writes',
    group: 'cache',
    like: 'It follows again, and nobody has opened it.',
    setUp: (estate) => {
      writeFileSync(estate.path('west', 'state', 'cache-closed'), '1\n');
      estate.redis('west', 'CONFIG', 'SET', 'min-replicas-to-write', '100');
    },
    expected: {
      comes: 'refused',
      says: /fenced former primary \(.*state\/cache-closed, min-replicas-to-write 100\).*open it at west with: .*cache-open --epoch/,
    },
  },
  {
    name: 'a command that warns',
    group: 'hosts',
    like: 'The operator´s commands print warnings beside their answers.',
    setUp: (estate) => {
      const warns = (name: string) =>
        program(estate, 'west', `warning-${name}`, `echo 'Warning: this option is deprecated' >&2\nexec ${estate.path('west', 'shim', name)} "$@"`);
      agentSetting(estate, 'west', `CAPACITY_COMMAND=${warns('capacity')}`);
      agentSetting(estate, 'west', `SYSTEMCTL=${warns('systemctl')}`);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'a state folder that cannot be written',
    group: 'hosts',
    like: 'The agent´s folder belongs to somebody else.',
    setUp: (estate) => {
      execFileSync('chown', ['-R', 'root:root', estate.path('west', 'state')]);
    },
    expected: { comes: 'refused', says: /state at west cannot be written \(\d+ KiB free\)/ },
    needs: 'root',
  },
  {
    name: 'a full state folder',
    group: 'hosts',
    like: 'The agent´s folder is on a disk that something else has filled, as logs do.',
    setUp: (estate) => {
      estate.moveToDisk('east', 'state', '64k');
      fill(estate.path('east', 'state'));
    },
    expected: { comes: 'refused', says: /state at east cannot be written \(0 KiB free\), and no change is made that cannot be put on record/ },
    needs: 'mounts',
  },
  {
    name: 'a state folder with little room',
    group: 'hosts',
    like: 'The same, and a few blocks are left: enough to write one file, too little for a fence and its undo.',
    setUp: (estate) => {
      estate.moveToDisk('east', 'state', '256k');
      fill(estate.path('east', 'state'), 36);
    },
    expected: { comes: 'refused', says: /state at east .*36 KiB free/ },
    needs: 'mounts',
  },
  {
    name: 'a full data disk at the lost site',
    group: 'hosts',
    like: 'The disk of the primary´s database is full, which is why it fails: no new pg_hba.conf can be written beside the old one.',
    setUp: async (estate) => {
      await moveDatabase(estate, 'east');
      fill(estate.path('east', 'pg'));
    },
    expected: { comes: 'refused', says: /pg_hba\.conf at east .*0 KiB free/ },
    needs: 'mounts',
  },
  {
    name: 'a target without room for its own WAL',
    group: 'hosts',
    like: 'A segment and a half are free on the disk of the target´s database: as a primary it would end for want of space.',
    setUp: async (estate) => {
      await moveDatabase(estate, 'west');
      fill(estate.path('west', 'pg'), 24 * 1024);
    },
    expected: { comes: 'refused', says: /the standby at west cannot be promoted: .*free/ },
    needs: 'mounts',
  },
];

async function moveDatabase(estate: TestEstate, site: TestSite): Promise<void> {
  await estate.stopPostgres(site);
  estate.moveToDisk(site, 'pg', '200m');
  await estate.startPostgres(site);
  await streams(estate);
}

/** Settings of a configuration file as arguments of the program. What the site's own file says, which holds nothing that its version does not know. */
function argumentsOf(estate: TestEstate, site: TestSite): readonly string[] {
  const lines = readFileSync(estate.path(site, 'redis.conf'), 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [name = '', ...values] = line.split(' ');
    return [`--${name}`, ...values.map((value) => (value === '""' ? '' : value))];
  });
}
