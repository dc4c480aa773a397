/** Faults of stores that run: other roles than the plan's. */
import { ports } from '../addresses.ts';
import { primarySite, storeSites } from '../settings.ts';
import { type Fault, type FaultTarget, runningStandby } from './fault.ts';

async function runningReplica({ estate, site }: FaultTarget): Promise<string | null> {
  const { hasStores, redis } = estate.site(site);
  if (!hasStores || !redis.running()) return `${site} has no running cache; nothing was changed.`;
  return (await redis.as((client) => client.info('replication'))).includes('role:slave') ? null : `${site} is no replica; nothing was changed.`;
}

const cacheAt = ({ estate, site }: FaultTarget) => estate.site(site).redis;

/** Lets the replica follow the primary again, as at the beginning. */
async function followPrimary(target: FaultTarget): Promise<void> {
  const host = target.estate.addresses.seen(primarySite, target.site);
  await cacheAt(target).as((client) => client.replicaof(host, ports.redis));
}

export const storeFaults: readonly Fault[] = [
  {
    name: 'replica-writable',
    about: 'the cache replica takes writes of its own',
    available: runningReplica,
    inject: (target) => cacheAt(target).as(async (client) => ({ set: await client.config('SET', 'replica-read-only', 'no') })),
    heal: (target) => cacheAt(target).as(async (client) => void (await client.config('SET', 'replica-read-only', 'yes'))),
  },
  {
    name: 'cache-promoted',
    about: 'somebody has made the cache replica a primary by hand',
    available: runningReplica,
    inject: (target) => cacheAt(target).as(async (client) => ({ said: await client.replicaof('NO', 'ONE') })),
    heal: followPrimary,
  },
  {
    name: 'cache-follows-another',
    about: 'the cache follows another replica instead of the primary',
    available: runningReplica,
    async inject(target) {
      const other = storeSites.find((site) => site !== target.site && site !== primarySite) ?? primarySite;
      const host = target.estate.addresses.seen(other, target.site);
      return cacheAt(target).as(async (client) => ({ said: await client.replicaof(host, ports.redis), follows: other }));
    },
    // One that was promoted since follows nobody.
    heal: async (target) => ((await runningReplica(target)) === null ? followPrimary(target) : undefined),
  },
  {
    name: 'replay-paused',
    about: 'the standby receives the log and does not replay it',
    available: runningStandby,
    inject: async ({ estate, site }) => ({ paused: await estate.site(site).postgres.query('select pg_wal_replay_pause()') }),
    async heal({ estate, site }) {
      await estate.site(site).postgres.query('select pg_wal_replay_resume() where pg_is_in_recovery()');
    },
  },
];
