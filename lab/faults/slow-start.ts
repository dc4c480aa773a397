/** A service that loads for long, as any JVM does: its process runs, and nobody is answered. */
import { writeFaults } from '../erlmcp/faults.ts';
import type { Fault } from './fault.ts';

const startSeconds = 12;

export const slowStartFault: Fault = {
  name: 'slow-start',
  about: `the service has ended, and needs ${startSeconds} s from its start until it listens`,
  available: async ({ estate, site }) => (estate.site(site).service.expected ? null : `No service is installed at ${site}; nothing was changed.`),
  async inject({ estate, site }) {
    const { service } = estate.site(site);
    writeFaults(service.faultsFile, { startSeconds });
    await service.kill();
    return { startSeconds };
  },
  async heal({ estate, site }) {
    const { service } = estate.site(site);
    writeFaults(service.faultsFile, {});
    await service.start();
  },
};
