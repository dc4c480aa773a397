/** What a change looks like when an agent or a port has answered. */
import type { SiteId } from '../plan/schema.ts';
import type { Change } from './context.ts';
import type { AgentFields } from './dependencies.ts';

/** The answer of a mutating verb: `before`, `after` and `changed`, read back by the agent. */
export function changeOf(fields: AgentFields, site: SiteId, at: Date): Change {
  return { before: fields.get('before'), after: fields.get('after'), changed: fields.flag('changed'), source: sourceOf(site), at: at.toISOString() };
}

/** Where an agent's evidence was read. */
export function sourceOf(site: SiteId): string {
  return `site-agent ${site}`;
}
