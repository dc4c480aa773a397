/** Faults of a site's clock. Its database is started anew under the other clock: no server's clock can be set for it alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labSites } from '../addresses.ts';
import { until } from '../child.ts';
import { clockLibrary } from '../site/clock.ts';
import { type Fault, type FaultTarget, runningStandby } from './fault.ts';

const offSeconds = 600;

function wrongClock(name: string, about: string, aheadSeconds: number): Fault {
  return {
    name,
    about,
    available: async () => (clockLibrary() === null ? 'datefudge is missing; nothing was changed. Install it with: apt-get install datefudge' : null),
    async inject(target) {
      await target.estate.site(target.site).setClock(aheadSeconds);
      await untilNoted(target, aheadSeconds);
      return { aheadSeconds };
    },
    heal: async ({ estate, site }) => estate.site(site).setClock(0),
  };
}

/** The standbys of a primary note its clock with their next beat; one that is lost before that never had this clock for anybody. */
async function untilNoted({ estate, site }: FaultTarget, aheadSeconds: number): Promise<void> {
  const isStandby = async (one: FaultTarget['site']) => (await runningStandby({ estate, site: one })) === null;
  if (await isStandby(site)) return;
  for (const other of labSites) {
    if (!(await isStandby(other))) continue;
    await until(
      () => {
        const noted = new RegExp(`^sender_clock=${site} (-?\\d+) `, 'm').exec(readFileSync(join(estate.site(other).folders.agentState, 'clocks'), 'utf8'))?.[1];
        return noted !== undefined && Math.abs(Number(noted) - aheadSeconds) <= 2;
      },
      20_000,
      () => `${other} has not noted the clock of ${site} within 20 s. Look at its agent's log.`,
    );
  }
}

export const clockFaults: readonly Fault[] = [
  wrongClock('clock-ahead', 'the clock of its database and of its host is 10 minutes ahead', offSeconds),
  wrongClock('clock-behind', 'the clock of its database and of its host is 10 minutes behind', -offSeconds),
];
