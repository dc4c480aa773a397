/** The fence by the failed site's own agent: service stopped, database and cache closed, and shown by writes that fail. */
import { closableAt, type ServerKind } from '../../plan/rules/servers.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import { lsnBytes } from '../database/postgresql.ts';
import type { ActivityDependencies, AgentFields } from '../dependencies.ts';
import { agentCommand } from '../ssh/agent.ts';
import { siteOf } from '../ssh/programs.ts';
import { attempt, bare, type Attempt } from '../attempt.ts';
import { shortfallsOf } from '../change.ts';
import type { Fence, Unfencing, WriterState } from './port.ts';

export async function fenceByAgent(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<Fence> {
  const agent = dependencies.agent(run, site);
  const servers = await closableServers(dependencies, run, site);
  const [stopped, ...closed] = await Promise.all([
    attempt(() => agent.tryChange('service-stop')),
    ...servers.map((server) => attempt(() => agent.tryChange(`${server}-close`))),
  ]);
  // The write comes after the doors are shut: one that fails before says nothing about them.
  const test = closed.some((each) => each.ok) ? await attempt(() => agent.ask('write-test')) : undefined;
  const states = servers.map((server, index) => judge(site, server, closed[index], test));
  const proven = states.length > 0 && states.every((state) => state.state === 'fenced');
  const service = stopped.ok ? '' : ` The service there was not stopped: ${stopped.reason}`;
  const shown =
    states.map((state) => `${state.server}: ${state.how}`).join('; ') ||
    `the plan names no server at ${site} that its agent can close, so there is nothing to prove a fence by`;
  const proof = `${shown}.${service}`;
  const last = states.some(({ server, state }) => server === 'database' && state === 'fenced') ? closed[servers.indexOf('database')] : undefined;
  const lsn = last?.ok ? last.fields.find('last_lsn') : undefined;
  return {
    method: 'agent',
    proven,
    servers: states,
    proof,
    ...(lsn === undefined ? {} : { positionBytes: lsnBytes(lsn) }),
    exceptions: closed.flatMap((each) => (each.ok ? each.fields.all('exception') : [])),
    at: dependencies.now().toISOString(),
  };
}

function judge(site: SiteId, server: ServerKind, closed: Attempt | undefined, test: Attempt | undefined): WriterState {
  const state = (kind: WriterState['state'], how: string): WriterState => ({ site, server, state: kind, how });
  if (!closed?.ok) return state('unknown', `it was not closed (${closed?.reason ?? 'not tried'})`);
  if (!test?.ok) return state('unknown', `it was closed, but no write could be tried (${test?.reason ?? 'not tried'})`);
  const [answer, detail] = [test.fields.get(`${server}_write`), test.fields.get(`${server}_detail`)];
  if (server === 'database' && !test.fields.flag('database_locked'))
    return state('unknown', 'it was closed, and its pg_hba.conf is no longer as its agent left it: somebody has changed it since');
  const writers = closed.fields.find('writers');
  if (writers !== undefined)
    return state(
      'unknown',
      `it was closed and lets no customer in, but inside the server ${writers} may write on; name PG_STOP and PG_START in agent.conf there, or end it`,
    );
  if (answer === 'refused') return state('fenced', [`closed, and a write was refused with "${detail}"`, ...closed.fields.all('exception')].join('; '));
  if (answer === 'accepted') return state('writer', 'it was closed, and accepted a write all the same');
  return state('unknown', `it was closed, but a write got no answer (${detail})`);
}

export async function unfenceByAgent(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<Unfencing> {
  const agent = dependencies.agent(run, site);
  const servers = await closableServers(dependencies, run, site);
  const verbs = [
    ...servers.map((server) => ({ what: server, verb: `${server}-open`, still: 'closed' })),
    { what: 'service', verb: 'service-start', still: 'stopped' },
  ];
  const done: string[] = [];
  const answers: AgentFields[] = [];
  const notTakenBack: string[] = [];
  // In this order: a service that starts before its stores are open fails.
  for (const { what, verb, still } of verbs) {
    const answer = await attempt(() => agent.tryChange(verb));
    if (answer.ok) {
      done.push(`${what} ${answer.fields.find('after') ?? 'open'}`);
      answers.push(answer.fields);
    } else notTakenBack.push(`the ${what} at ${site} was not taken back, it may still be ${still}: ${bare(answer.reason)}; ${byHand(run, site, verb)}`);
  }
  return { done: done.join('; ') || 'nothing', notTakenBack, ...shortfallsOf(...answers), at: dependencies.now().toISOString() };
}

/** The verb that people give to a site's agent where the run could not: under the run's own epoch, which the agent still accepts. */
export function byHand(run: RunContext, site: SiteId, verb: string, ...words: readonly string[]): string {
  return `run "${agentCommand} ${[verb, '--epoch', run.epoch, '--run', run.execution, ...words].join(' ')}" at ${site}`;
}

async function closableServers(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<readonly ServerKind[]> {
  const plan = await dependencies.planOf(run.planDigest);
  siteOf(plan, site); // a site that the plan does not know is refused: with no server at it, nothing would be closed
  return closableAt(plan, site);
}
