/** A service that answers 200 with what it knew at the moment of the fault. */
import { writeFaults } from '../erlmcp/faults.ts';
import type { Fault } from './fault.ts';

export const staleAnswersFault: Fault = {
  name: 'stale-answers',
  about: 'the service answers 200 with what it knew at the moment of the fault',
  available: async ({ estate, site }) => (estate.site(site).service.expected ? null : `No service is installed at ${site}; nothing was changed.`),
  async inject({ estate, site }) {
    const staleSince = new Date().toISOString();
    writeFaults(estate.site(site).service.faultsFile, { staleSince });
    return { staleSince };
  },
  heal: async ({ estate, site }) => writeFaults(estate.site(site).service.faultsFile, {}),
};
