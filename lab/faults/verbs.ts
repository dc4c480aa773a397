/** The faults by name, for the lab's control. */
import { z } from 'zod';
import { labSites } from '../addresses.ts';
import type { LabEstate } from '../estate.ts';
import type { Control } from '../component.ts';
import type { Fault } from './fault.ts';
import { backupFaults } from './backups.ts';
import { acknowledgesAloneFault } from './acknowledges-alone.ts';
import { flushSessionsFault } from './flush-sessions.ts';
import { lagFault } from './lag.ts';
import { loseRowsFault } from './lose-rows.ts';
import { networkFaults } from './network.ts';
import { processFaults } from './processes.ts';
import { slowStartFault } from './slow-start.ts';
import { sshFaults } from './ssh.ts';
import { staleAnswersFault } from './stale-answers.ts';
import { clockFaults } from './clock.ts';
import { storeFaults } from './stores.ts';
import { worldFaults } from './world.ts';

export const faults: readonly Fault[] = [
  loseRowsFault,
  flushSessionsFault,
  staleAnswersFault,
  acknowledgesAloneFault,
  slowStartFault,
  lagFault,
  ...networkFaults,
  ...processFaults,
  ...sshFaults,
  ...storeFaults,
  ...clockFaults,
  ...worldFaults,
  ...backupFaults,
];

const faultBody = z.object({ name: z.string(), site: z.enum(labSites), options: z.unknown().optional() });

/** `fault/inject` and `fault/heal`: `{ "name", "site", "options"?: { "table", "rows" } }`. */
export function faultVerbs(estate: LabEstate): Record<string, Control> {
  const named = (body: unknown) => {
    const request = faultBody.safeParse(body);
    const fault = request.success ? faults.find(({ name }) => name === request.data.name) : undefined;
    if (!request.success || !fault) {
      throw new Error(`Send {"name", "site"}; faults are ${faults.map(({ name }) => name).join(', ')}, sites are ${labSites.join(', ')}. Nothing was changed.`);
    }
    return { fault, target: { estate, site: request.data.site }, options: request.data.options };
  };
  return {
    /** Gives `{ faults: [{ name, about }] }`. */
    'fault/list': async () => ({ faults: faults.map(({ name, about }) => ({ name, about })) }),
    'fault/inject': async (body) => {
      const { fault, target, options } = named(body);
      const unavailable = await fault.available(target);
      if (unavailable !== null) throw new Error(unavailable);
      return fault.inject(target, options);
    },
    'fault/heal': async (body) => {
      const { fault, target } = named(body);
      await fault.heal(target);
      return {};
    },
  };
}
