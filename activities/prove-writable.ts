/** A promoted server proves itself by a write that it accepts: its own word, and a role that it shows, are not enough. */
import type { ServerKind } from '../plan/rules/servers.ts';
import type { SiteId } from '../plan/schema.ts';
import type { RunContext } from './context.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failure } from './errors.ts';
import { mustAsk } from './must-ask.ts';

/** A `permanent` failure when the server does not accept the write, a `transient` one when the agent that tries it does not answer. */
export async function proveWritable(dependencies: ActivityDependencies, run: RunContext, site: SiteId, server: ServerKind): Promise<void> {
  const fields = await mustAsk(dependencies, run, site, { verb: 'write-test', what: 'a write', leftAs: `The ${server} there is promoted.` });
  if (fields.get(`${server}_write`) === 'accepted') return;
  throw failure(
    'permanent',
    { happened: `The ${server} at ${site} was promoted, but a write was not accepted: ${fields.get(`${server}_detail`)}.`, leftAs: 'No traffic was moved.' },
    { site },
  );
}
