/** Faults of the network between the parties. */
import type { LabSite } from '../addresses.ts';
import { type Party, parties, select } from '../network/state.ts';
import { storeSites } from '../settings.ts';
import { always, type Fault, type FaultTarget } from './fault.ts';

type Directions = readonly (readonly [Party, Party])[];

const open = { mode: 'open', delayMs: 0 } as const;

function cut(name: string, about: string, directions: (site: LabSite) => Directions, mode: 'hole' | 'reset' = 'hole'): Fault {
  return {
    name,
    about,
    available: always,
    async inject({ estate, site }) {
      estate.network.state.change(directions(site), { mode });
      return { links: estate.network.state.list() };
    },
    heal: async ({ estate, site }) => estate.network.state.change(directions(site), open),
  };
}

const withEverybody = (site: LabSite) => select({ site });
const withOnly = (...only: Party[]) => {
  return (site: LabSite) => select({ site, only });
};
const otherStores = (site: LabSite) => storeSites.filter((other) => other !== site);

/** Links that go up and down by themselves until healed. */
function unsteady(name: string, about: string, downMs: number, upMs: number, times: number): Fault {
  const running = new Map<string, NodeJS.Timeout>();
  const key = ({ estate, site }: FaultTarget) => `${estate.world.route53Ids().hostedZoneId} ${site}`;
  const end = (target: FaultTarget) => {
    clearTimeout(running.get(key(target)));
    running.delete(key(target));
    target.estate.network.state.change(withEverybody(target.site), open);
  };
  const down = (target: FaultTarget, left: number) => {
    target.estate.network.state.change(withEverybody(target.site), { mode: 'hole' });
    running.set(
      key(target),
      setTimeout(() => up(target, left - 1), downMs),
    );
  };
  const up = (target: FaultTarget, left: number) => {
    target.estate.network.state.change(withEverybody(target.site), open);
    if (left > 0)
      running.set(
        key(target),
        setTimeout(() => down(target, left), upMs),
      );
  };
  return {
    name,
    about,
    available: always,
    async inject(target) {
      end(target);
      down(target, times);
      return { downMs, upMs, times };
    },
    heal: async (target) => end(target),
  };
}

export const networkFaults: readonly Fault[] = [
  cut('black-hole', 'what is sent to the site or by it is taken and never delivered', withEverybody),
  cut('connections-reset', 'connections to the site and from it are broken and refused', withEverybody, 'reset'),
  cut('orchestrator-cut-off', 'only the orchestrator cannot reach the site', withOnly('orchestrator')),
  cut('checkers-cut-off', "only Route 53's health checkers cannot reach the site", withOnly('checkers')),
  cut('observer-blind', 'the site sees nobody, not even the reference target, and is seen by all for whom it does not have to ask', (site) =>
    parties.filter((party) => party !== site && party !== 'orchestrator').map((party) => [site, party] as const),
  ),
  cut('replication-cut', 'nothing passes between the site and the other sites with stores', (site) => select({ site, only: otherStores(site) })),
  unsteady('blip', 'the site is gone for 2 s, shorter than the hold time', 2_000, 0, 1),
  unsteady('flapping', 'the site is gone for 1.5 s and back for 1.5 s, ten times', 1_500, 1_500, 10),
  {
    name: 'slow-site',
    about: 'each message to the site and from it takes 300 ms',
    available: always,
    async inject({ estate, site }) {
      estate.network.state.change(withEverybody(site), { delayMs: 300 });
      return { delayMs: 300 };
    },
    heal: async ({ estate, site }) => estate.network.state.change(withEverybody(site), open),
  },
];
