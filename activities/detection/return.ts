/** Has a site that was given up come back, and what does it say of its servers? One look, repeated by the server of the workflows: a wait of weeks leaves nothing in a history. */
import { ApplicationFailure } from '@temporalio/common';
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { createFencingActivities } from '../fencing/activities.ts';
import { createHostsActivities } from '../hosts/activities.ts';
import { createServicesActivities } from '../services/activities.ts';
import type { AwaitReturnInput, Standing } from './port.ts';

export async function awaitReturn(dependencies: FolderDependencies, { run, site, unlike, everySeconds }: AwaitReturnInput): Promise<Standing> {
  // What keeps it from being looked at may be fixed tomorrow, and must not end the wait.
  const standing = await lookAt(dependencies, run, site).catch((error: unknown) => absent(`it could not be looked at: ${(error as Error).message}`));
  if (standing.says !== unlike) return standing;
  // No fault: nothing is logged for it, and it is looked at again after the wanted time instead of a retry's.
  throw ApplicationFailure.create({
    type: 'transient',
    category: 'BENIGN',
    nextRetryDelay: everySeconds * 1000,
    message: `${site} says what it said before: ${standing.says}. Nothing was changed. It is looked at again in ${everySeconds} s.`,
  });
}

/** States only, without the servers' own words: those may differ at each look. */
async function lookAt(dependencies: FolderDependencies, run: RunContext, site: SiteId): Promise<Standing> {
  const [agent] = await createHostsActivities(dependencies).readAgents({ run, sites: [site] });
  if (!agent?.reachable) return absent('its agent does not answer');
  const service = await createServicesActivities(dependencies).readService({ run, site });
  const servers = await createFencingActivities(dependencies).readWriters({ run, sites: [site] });
  const runs = service.reachable ? (service.active ? 'started' : 'stopped') : 'unknown';
  return { answers: true, says: [...servers.map(({ server, state }) => `${server} ${state}`), `service ${runs}`].join(', ') };
}

function absent(says: string): Standing {
  return { answers: false, says };
}
