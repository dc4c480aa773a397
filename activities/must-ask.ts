/** A promoted server proves itself by a write that it accepts; an agent that must answer, and what it means when it does not. */
import type { ServerKind } from '../plan/rules/servers.ts';
import type { SiteId } from '../plan/schema.ts';
import type { RunContext } from './context.ts';
import type { ActivityDependencies, AgentFields } from './dependencies.ts';
import { failure } from './errors.ts';

/** Asks an agent for something without which the step cannot go on. A `transient` failure when it does not answer; `leftAs` says what stands. */
export async function mustAsk(
  dependencies: ActivityDependencies,
  run: RunContext,
  site: SiteId,
  { verb, what, leftAs }: { readonly verb: string; readonly what: string; readonly leftAs: string },
): Promise<AgentFields> {
  const answer = await dependencies.agent(run, site).ask(verb);
  if (answer.reachable) return answer.fields;
  throw failure('transient', { happened: `The agent of ${site} could not be reached for ${what}: ${answer.reason}.`, leftAs }, { site });
}

/** The promoted server takes a write. */
export async function proveWritable(dependencies: ActivityDependencies, run: RunContext, site: SiteId, server: ServerKind): Promise<void> {
  const fields = await mustAsk(dependencies, run, site, { verb: 'write-test', what: 'a write', leftAs: `The ${server} there is promoted.` });
  if (fields.get(`${server}_write`) === 'accepted') return;
  throw failure(
    'permanent',
    { happened: `The ${server} at ${site} was promoted, but a write was not accepted: ${fields.get(`${server}_detail`)}.`, leftAs: 'No traffic was moved.' },
    { site },
  );
}
