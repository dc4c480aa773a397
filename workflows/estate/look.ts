/** How a site looks from every vantage point. */
import type { RunContext } from '../../activities/context.ts';
import type { Vantage, WatchInput } from '../../activities/detection/port.ts';
import type { Reads } from '../../activities/index.ts';
import { seconds } from '../../plan/durations.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import { otherSites } from './sites.ts';

/** How long every vantage point looks, and goes on looking afterwards: see the port. */
export type Times = Pick<WatchInput, 'holdSeconds' | 'goOnSeconds'>;

/** Every vantage point looks at the site at the same time, for the same while. */
export async function lookAtSite(read: Reads, run: RunContext, plan: Plan, site: SiteId, times: Times): Promise<Vantage[]> {
  const input = { run, site, ...times };
  return Promise.all([
    read.watchFromOrchestrator(input),
    ...otherSites(plan, [site]).map((observer) => read.watchFromSite({ ...input, observer })),
    read.watchHealthCheck(input),
  ]);
}

/** For so long a look goes on while people decide: it is asked for anew before its evidence has aged twice. */
export function secondsBetweenLooks(plan: Plan): number {
  return 2 * seconds(plan.estate.detection.evidenceMaxAge);
}
