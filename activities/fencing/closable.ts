/** Which servers of a site its own agent can close. Pure. */
import type { Plan, SiteId } from '../../plan/schema.ts';
import { siteOf } from '../ssh/agent.ts';
import type { WriterState } from './port.ts';

/** Database and cache, as far as the site has them; what AWS runs is closed by no agent. */
export function closableServers(plan: Plan, site: SiteId): readonly WriterState['server'][] {
  const { database, cache } = siteOf(plan, site);
  const { estate } = plan;
  return [
    ...(database && estate.database.driver === 'postgresql' ? ['database' as const] : []),
    ...(cache && estate.cache?.driver === 'redis' ? ['cache' as const] : []),
  ];
}
