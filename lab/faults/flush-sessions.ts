/** A replica whose keys are gone: its link is up and its offset right, only a count tells. */
import { until } from '../child.ts';
import type { Fault } from './fault.ts';

export const flushSessionsFault: Fault = {
  name: 'flush-sessions',
  about: 'the keys of the cache replica are gone; its link is up and its offset right',
  async available({ estate, site }) {
    const { hasStores, redis } = estate.site(site);
    if (!hasStores || !redis.running()) return `${site} has no running cache; nothing was changed.`;
    return (await redis.as((client) => client.info('replication'))).includes('role:slave') ? null : `${site} is no replica; nothing was changed.`;
  },
  inject: ({ estate, site }) =>
    estate.site(site).redis.as(async (client) => {
      const lost = await client.dbsize();
      await client.config('SET', 'replica-read-only', 'no');
      await client.flushall('SYNC');
      await client.config('SET', 'replica-read-only', 'yes');
      return { lost };
    }),
  heal: ({ estate, site }) =>
    estate.site(site).redis.as(async (client) => {
      const info = await client.info('replication');
      const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
      if (field('role') !== 'slave') return;
      await client.replicaof('NO', 'ONE');
      // Under another history's name the primary sends everything instead of the missing part.
      await client.call('DEBUG', 'CHANGE-REPL-ID');
      await client.replicaof(field('master_host'), Number(field('master_port')));
      if (field('master_link_status') !== 'up') return; // a primary that is gone sends when it comes back
      await until(
        async () => (await client.info('replication')).includes('master_link_status:up'),
        10_000,
        () => `The cache of ${site} did not follow again within 10 s.`,
      );
    }),
};
