/** Faults of a site's clock. Its database is started anew under the other clock: no server's clock can be set for it alone. */
import { clockLibrary } from '../site/clock.ts';
import type { Fault } from './fault.ts';

const offSeconds = 600;

function wrongClock(name: string, about: string, aheadSeconds: number): Fault {
  return {
    name,
    about,
    available: async () => (clockLibrary() === null ? 'datefudge is missing; nothing was changed. Install it with: apt-get install datefudge' : null),
    async inject({ estate, site }) {
      await estate.site(site).setClock(aheadSeconds);
      return { aheadSeconds };
    },
    heal: async ({ estate, site }) => estate.site(site).setClock(0),
  };
}

export const clockFaults: readonly Fault[] = [
  wrongClock('clock-ahead', 'the clock of its database and of its host is 10 minutes ahead', offSeconds),
  wrongClock('clock-behind', 'the clock of its database and of its host is 10 minutes behind', -offSeconds),
];
