/** Estates that a real Patroni manages, or has managed. */
import { appendFileSync } from 'node:fs';
import type { TestEstate } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';
import { handToPatroni, members, pausePatroni } from './patroni.ts';
import type { Shape } from './shape.ts';

const manages = (site: string) => new RegExp(`Patroni manages the database at ${site} .*stop Patroni at every site, since pausing is not enough`);

export const patroniShapes: readonly Shape<TestEstate>[] = [
  {
    name: 'Patroni, at the lost site',
    group: 'other managers',
    like: 'Patroni manages two of the three servers, with its leader in etcd; the lost one is the leader.',
    setUp: async (estate) => void (await handToPatroni(estate)),
    expected: { comes: 'refused', says: manages('east') },
  },
  {
    name: 'Patroni, paused, at the target',
    group: 'other managers',
    like: 'The same, and Patroni is paused. It would lead a standby that has left back within a second.',
    setUp: async (estate) => {
      await handToPatroni(estate);
      await pausePatroni(estate);
    },
    expected: { comes: 'refused', says: manages('west') },
  },
  {
    name: 'Patroni, stopped',
    group: 'other managers',
    like: 'Patroni was paused and then stopped, which leaves its servers running; its password file knows the last leader alone.',
    setUp: stopPatroni,
    expected: { comes: 'refused', says: /the standby at west may not replicate from north: .*no password supplied; .*add north to its password file/ },
  },
  {
    name: 'Patroni, stopped, and passwords for all',
    group: 'other managers',
    like: 'The same, and the password file that it has left was given a line for each site.',
    setUp: async (estate) => {
      await stopPatroni(estate);
      for (const site of members) appendFileSync(estate.path(site, 'patroni.pgpass'), '*:*:*:dr_repl:test-only\n');
    },
    expected: { comes: 'works with an exception', says: /Patroni has configured the database at east .* and is not in: keep it stopped/ },
  },
];

async function stopPatroni(estate: TestEstate): Promise<void> {
  const stop = await handToPatroni(estate);
  await pausePatroni(estate);
  await stop();
  const sessions = "select count(*) from pg_stat_activity where application_name like 'Patroni%'";
  await eventually('nobody of Patroni is in', () => members.every((site) => estate.asAdministrator(site, sessions).trim() === '0'));
}
