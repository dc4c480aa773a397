/** The cold start as tests drive it: every site with a copy of the data fails, and the DR site is built from backups. */
import { trees } from '../../plan/rules/snapshots.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { FakeEstate } from '../model/estate.ts';
import { siteWith, type Driven } from './driven.ts';

export const coldStart: Driven<'coldStart'> = {
  procedure: 'coldStart',
  placesIn: (plan) => {
    const source = siteWith(plan, 'primary');
    const copies = plan.sites.map(({ id }) => id).filter((site) => site !== source && plan.estate.sites[site]?.database !== undefined);
    return { failed: [source, ...copies], source, target: siteWith(plan, 'dr') };
  },
  inputAt: ({ failed, target }) => ({ from: failed, at: target }),
  declared: { declaredFailed: { reason: 'customers see errors' } },
  beginsAt: 'activation',
  answers: {
    activation: ['approve', 'restore', 'restore-what-there-is', 'restore-without-cache', 'restore-without-sessions', 'restore-without-application'],
    acceptance: 'accept',
  },
  goodEnd: 'recovered',
  // Nobody can prove a site closed that is dead.
  calmEnd: 'recovered with exceptions',
  usualRisks: /hold epoch|is not proven fenced/,
  fromBackups: true,
  landmarks: ['watchFromOrchestrator', 'claimEpoch', 'restoreDatabase', 'acceptRestored', 'shareRecord', 'watchService'],
  attemptsMax: 160,
  faultsWhenDone: (estate, { target }) => {
    const writers = estate.writers().filter((site) => !estate.dead.has(site));
    return [
      ...(estate.route === target && estate.share === null ? [] : [`${estate.share ?? 100} % of the customers are sent to ${estate.route}`]),
      ...(writers.join() === target ? [] : [`writers: ${writers.join(', ')}`]),
      ...(estate.restores.at.get(target)?.stage === 'accepted' ? [] : [`what was restored is ${estate.restores.at.get(target)?.stage}`]),
      ...closed(estate, target),
      ...(estate.stacks.stands(target) ? [] : ['nothing was made for it to stand on']),
      ...(estate.restores.hasFirstSet(target) ? [] : ['there is no first backup of it']),
    ];
  },
  /** Nothing was opened: what was restored is discarded, and nobody writes at the target. */
  faultsWhenCancelled: (estate, { target }, { leftovers }) => {
    const restored = estate.restores.at.get(target)?.stage;
    if (restored === 'accepted') return [];
    return [
      ...(restored === undefined || restored === 'discarded' ? [] : [`what was restored is ${restored}`]),
      ...closed(estate, target),
      ...[...estate.restores.current].map(([tree, version]) => `the current ${tree} is ${version}`),
      ...(estate.stacks.at.has(target) && !leftovers.some((left) => left.startsWith('stack of the model stays'))
        ? ['what it was to stand on is left, and not told']
        : []),
      ...leftovers.filter((left) => !/(main|redis|release|export).discarded|stays enabled|stack of the model stays/.test(left)),
    ];
  },
};

/** What is neither open for good nor taken away of the other stores, where it was restored at all. */
function closed({ restores }: FakeEstate, site: SiteId): readonly string[] {
  return (['cache', ...trees] as const).flatMap((store) => {
    const stage = restores.of(store).get(site)?.stage;
    return stage === undefined || stage === 'accepted' || stage === 'discarded' ? [] : [`what was restored of the ${store} is ${stage}`];
  });
}
