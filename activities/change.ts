/** What a change looks like when an agent or a port has answered. */
import type { SiteId } from '../plan/schema.ts';
import type { Change } from './context.ts';
import type { AgentFields } from './dependencies.ts';

/** The answer of a mutating verb: `before`, `after` and `changed`, read back by the agent. */
export function changeOf(fields: AgentFields, site: SiteId, at: Date): Change {
  return {
    before: fields.get('before'),
    after: fields.get('after'),
    changed: fields.flag('changed'),
    ...shortfallsOf(fields),
    source: sourceOf(site),
    at: at.toISOString(),
  };
}

/** What others did for a change besides the one that it is about: their exceptions and remaining work count as well. */
export function withAll(change: Change, others: readonly AgentFields[]): Change {
  const theirs = shortfallsOf(...others);
  return { ...change, exceptions: [...(change.exceptions ?? []), ...theirs.exceptions], remaining: [...(change.remaining ?? []), ...theirs.remaining] };
}

/** What answers of agents say that is less than it should be, and what they leave for people to do. */
export function shortfallsOf(...answers: readonly AgentFields[]): Required<Pick<Change, 'exceptions' | 'remaining'>> {
  const all = (key: string) => answers.flatMap((fields) => fields.all(key));
  return { exceptions: all('exception'), remaining: all('remaining') };
}

/** Where an agent's evidence was read. */
export function sourceOf(site: SiteId): string {
  return `site-agent ${site}`;
}
