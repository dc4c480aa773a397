/** An agent that must answer, and what it means when it does not. */
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
