/** A service whose own sessions wait for no standby, whatever its server is set to: nobody can see that from outside. */
import { writeFaults } from '../erlmcp/faults.ts';
import type { Fault } from './fault.ts';

export const acknowledgesAloneFault: Fault = {
  name: 'acknowledges-alone',
  about: "the service's own sessions set synchronous_commit to local, which no heartbeat shows",
  available: async ({ estate, site }) => (estate.site(site).service.expected ? null : `No service is installed at ${site}; nothing was changed.`),
  async inject({ estate, site }) {
    writeFaults(estate.site(site).service.faultsFile, { alone: true });
    return { alone: true };
  },
  heal: async ({ estate, site }) => writeFaults(estate.site(site).service.faultsFile, {}),
};
