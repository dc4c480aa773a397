/** The failover as tests drive it: the primary fails, and customers go to the secondary. */
import { siteWith, type Driven } from './driven.ts';

export const regionalFailover: Driven<'regionalFailover'> = {
  procedure: 'regionalFailover',
  placesIn: (plan) => {
    const source = siteWith(plan, 'primary');
    return { failed: [source], source, target: siteWith(plan, 'secondary') };
  },
  inputAt: ({ source, target }) => ({ from: source, to: target }),
  declared: { declaredFailed: { reason: 'customers see errors' } },
  beginsAt: 'activation',
  answers: { activation: 'approve' },
  goodEnd: 'recovered',
  landmarks: ['watchFromOrchestrator', 'claimEpoch', 'promoteDatabase', 'throwSwitch', 'watchService'],
  attemptsMax: 160,
  faultsWhenDone: (estate, { target }) => {
    const writers = estate.writers().filter((site) => !estate.dead.has(site));
    return [
      ...(estate.route === target ? [] : [`customers are sent to ${estate.route}`]),
      ...(writers.join() === target ? [] : [`writers: ${writers.join(', ')}`]),
    ];
  },
  /** Nothing was promoted: the old primary writes again, and nothing is left behind that would fence it. */
  faultsWhenCancelled: (estate, { source, target }, { outcome, exceptions, leftovers }) => {
    const promoted = estate.databases.get(target);
    if (promoted?.role === 'writer' || promoted?.cachePromoted) return tellsOnlyOfTwo(outcome, exceptions, [source, target]);
    const writer = estate.writers().join();
    return [
      ...tellsOnlyOfTwo(outcome, exceptions, [source, target]),
      ...(writer === source ? [] : [`nothing was promoted, and the writer is ${writer || 'nobody'}`]),
      ...leftovers,
    ];
  },
};

/** A site that was fenced by replication and came back right before the servers were read is open until its agent has closed it, and the report says so. */
function tellsOnlyOfTwo(outcome: string, exceptions: readonly string[], sites: readonly string[]): string[] {
  if (!outcome.startsWith('recovered')) return [];
  const two = new RegExp(`^At the end 2 servers can write to the (database|cache) \\(${sites.join(', ')}\\)`);
  return exceptions.filter((exception) => !two.test(exception));
}
