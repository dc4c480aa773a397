/** How a site looks from every vantage point. */
import type { RunContext } from '../../activities/context.ts';
import type { Vantage } from '../../activities/detection/port.ts';
import type { Reads } from '../../activities/index.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import { otherSites } from './sites.ts';

/** Every vantage point looks at the site at the same time, for the same while. */
export async function lookAtSite(read: Reads, run: RunContext, plan: Plan, site: SiteId, holdSeconds: number): Promise<Vantage[]> {
  const input = { run, site, holdSeconds };
  return Promise.all([
    read.watchFromOrchestrator(input),
    ...otherSites(plan, [site]).map((observer) => read.watchFromSite({ ...input, observer })),
    read.watchHealthCheck(input),
  ]);
}
