/**
 * A standby that falls behind: nothing passes between it and the primary. Replay that is paused would be no data loss, since the log arrives all the same.
 */
import type { LabSite } from '../addresses.ts';
import { storeSites } from '../settings.ts';
import { runningStandby, type Fault, type FaultTarget } from './fault.ts';

export const lagFault: Fault = {
  name: 'lag',
  about: 'nothing passes between this standby and the primary, so that it falls behind',
  available: runningStandby,
  async inject(target) {
    const primary = await primaryOf(target);
    if (!primary) throw new Error('No site is primary now; nothing was changed.');
    target.estate.network.state.change(between(target.site, primary), { mode: 'hole' });
    return { cutFrom: primary };
  },
  async heal({ estate, site }) {
    estate.network.state.change(
      storeSites.filter((other) => other !== site).flatMap((other) => between(site, other)),
      { mode: 'open' },
    );
  },
};

const between = (one: LabSite, other: LabSite): (readonly [LabSite, LabSite])[] => [
  [one, other],
  [other, one],
];

async function primaryOf({ estate, site }: FaultTarget): Promise<LabSite | null> {
  for (const other of storeSites.filter((candidate) => candidate !== site)) {
    const { postgres } = estate.site(other);
    const rows = postgres.running() ? await postgres.query<{ recovery: boolean }>('select pg_is_in_recovery() as recovery') : [];
    if (rows[0]?.recovery === false) return other;
  }
  return null;
}
