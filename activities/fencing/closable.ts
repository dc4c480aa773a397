/** Which servers of a site its own agent can close. Pure. */
import { closedByAgents, type ServerKind } from '../../plan/rules/servers.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import { siteOf } from '../ssh/agent.ts';

export function closableServers(plan: Plan, site: SiteId): readonly ServerKind[] {
  const own = siteOf(plan, site);
  return closedByAgents(plan).filter((server) => own[server] !== undefined);
}
