/** Faults of the processes of a site. */
import type { LabSiteServers } from '../site/site.ts';
import type { SiteServer } from '../site/server.ts';
import { always, type Fault, type FaultTarget } from './fault.ts';

const serversAt = ({ estate, site }: FaultTarget) => estate.site(site);

function killed(name: string, about: string, server: (site: LabSiteServers) => SiteServer): Fault {
  return {
    name,
    about,
    available: async (target) => (server(serversAt(target)).running() ? null : `It does not run at ${target.site}; nothing was changed.`),
    async inject(target) {
      await server(serversAt(target)).kill();
      return {};
    },
    heal: async (target) => server(serversAt(target)).start(),
  };
}

function frozen(name: string, about: string, server: (site: LabSiteServers) => LabSiteServers['postgres'] | LabSiteServers['redis']): Fault {
  return {
    name,
    about,
    available: async (target) => (server(serversAt(target)).running() ? null : `It does not run at ${target.site}; nothing was changed.`),
    async inject(target) {
      server(serversAt(target)).freeze();
      return {};
    },
    heal: async (target) => server(serversAt(target)).thaw(),
  };
}

export const processFaults: readonly Fault[] = [
  {
    name: 'site-dead',
    about: 'every process of the site has ended at once',
    available: always,
    async inject(target) {
      await serversAt(target).kill();
      return {};
    },
    heal: async (target) => serversAt(target).revive(),
  },
  killed('database-dead', 'the database has ended (SIGKILL), and nobody starts it', (site) => site.postgres),
  killed('cache-dead', 'the cache has ended (SIGKILL), and nobody starts it', (site) => site.redis),
  killed('service-dead', 'the service has ended (SIGKILL); its stores are well', (site) => site.service),
  killed('sshd-dead', 'sshd has ended, so that the agent cannot be reached', (site) => site.ssh),
  killed('agent-asleep', "the agent's timer no longer fires: no heartbeat, no look at the peers", (site) => site.agent),
  killed('switch-dead', 'the switch of the site answers no health check', (site) => site.routeSwitch),
  frozen('database-frozen', 'the database is frozen (SIGSTOP): connections stay open, nobody is answered', (site) => site.postgres),
  frozen('cache-frozen', 'the cache is frozen (SIGSTOP): connections stay open, nobody is answered', (site) => site.redis),
];
