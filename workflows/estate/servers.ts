/** Which servers can write: as it is predicted before a run changes anything, as fences prove it, and as it is read at the end. */
import { isCancellation } from '@temporalio/workflow';
import type { Fence, WriterState } from '../../activities/fencing/port.ts';
import { sentencesOf } from '../../plan/rules/sentences.ts';
import { closedByAgents, type ServerKind, serversAt, serversOf, writersOf } from '../../plan/rules/servers.ts';
import type { Places } from '../../plan/rules/places.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { Reads } from '../../activities/index.ts';
import { RunEnding } from '../engine/endings.ts';
import type { RecoveryFacts } from './facts.ts';
import { isTechnical } from '../engine/failures.ts';
import type { Course } from '../engine/course.ts';

/** Whether every server of the failed site is proven fenced. */
export function allProven(fences: readonly Fence[]): boolean {
  return fences.length > 0 && fences.every((fence) => fence.proven);
}

/** What a fence has proven, without the servers that are left to the next method; null when it has proven nothing. */
export function provenPart(fence: Fence): Fence | null {
  const servers = fence.servers.filter(({ state }) => state === 'fenced');
  if (servers.length === 0) return null;
  return servers.length === fence.servers.length
    ? fence
    : { ...fence, proven: true, servers, proof: `${servers.map(({ server, how }) => `${server}: ${how}`).join('; ')}.` };
}

/** The fence by the next method, with why the site's agent had not proven the same servers: what stops people there would be lost with its answer. */
export function afterAgent(agent: Fence | null, fence: Fence): Fence {
  const asked = (kind: ServerKind) => agent?.servers.find(({ server, state }) => server === kind && state !== 'fenced');
  const reasons = fence.servers.flatMap(({ server }) => asked(server)?.how ?? []);
  return reasons.length === 0 ? fence : { ...fence, byAgentBefore: reasons.join('; ') };
}

/** What people read of a fence. */
export function toldOf({ proof, byAgentBefore }: Fence): string {
  return byAgentBefore === undefined ? proof : `${proof} (its agent, asked before, had not proven it: ${byAgentBefore})`;
}

/** The same where several sites were lost: with whose it is. */
export function toldAmong({ failed }: Places, fence: Fence): string {
  const sites = [...new Set(fence.servers.map(({ site }) => site))];
  return failed.length > 1 ? `${sites.join(', ')}: ${toldOf(fence)}` : toldOf(fence);
}

/** Kinds of server at a site that no fence has proven closed. */
export function openServers(plan: Plan, site: SiteId, fences: readonly Fence[]): readonly ServerKind[] {
  return serversAt(plan, site).filter((server) => !fenceOf(fences, site, server));
}

/** End state that a failover leads to: one writer, everything else fenced or standby. Refused before the start when it does not. */
export function predictServers(run: Course): readonly WriterState[] {
  return run.plan.sites.flatMap(({ id: site }) =>
    serversAt(run.plan, site).map((server) => ({ site, server, ...predicted(run.plan, run.places, server, site) })),
  );
}

function predicted(plan: Plan, { failed, target }: Places, server: ServerKind, site: SiteId): Pick<WriterState, 'state' | 'how'> {
  if (site === target) return { state: 'writer', how: 'promoted by this run' };
  if (failed.includes(site) && !closedByAgents(plan).includes(server))
    return { state: 'unknown', how: 'no agent can close it: people accept what that may cost' };
  if (failed.includes(site)) return { state: 'fenced', how: 'fenced by this run before anything is promoted' };
  return { state: 'standby', how: `follows ${target}` };
}

/** Refuses a run that could not end with one writer of each kind. */
export function mustHaveOneWriter(run: Course, facts: RecoveryFacts): void {
  for (const { server, sites } of writersOf(serversOf(run.plan), facts.predicted)) {
    if (sites.length !== 1)
      throw new RunEnding(
        'aborted',
        sentencesOf({
          happened: `The run would end with ${sites.length} writers of the ${server}, and it must be one.`,
          leftAs: 'Nothing was changed.',
          next: 'Run dr plan check.',
        }),
        false,
      );
  }
}

/**
 * The end state is read, not assumed. A server that cannot be read is what its fence proves it to be; one that its standbys and replicas have left looks like a writer, and acknowledges nothing
 * for as long as it is seen to wait for them.
 */
export async function observeServers(run: Course, facts: RecoveryFacts, read: Reads): Promise<readonly WriterState[]> {
  try {
    const servers = await read.readWriters({ run: run.context(), sites: run.plan.sites.map((site) => site.id) });
    facts.observed = servers.map((server) => asFenced(facts, server));
  } catch (error) {
    if (isCancellation(error) || !isTechnical(error)) throw error;
    run.leaveOver('The end state of the servers could not be read; look at them by hand.');
  }
  return facts.observed;
}

/** Exactly one writer of each of these kinds, and nothing unknown: one sentence for each thing that falls short. */
export function judgeServers(plan: Plan, observed: readonly WriterState[], kinds: readonly ServerKind[] = serversOf(plan)): readonly string[] {
  if (observed.length === 0) return ['Which servers can write could not be read at the end.'];
  return [
    ...writersOf(kinds, observed).flatMap(({ server, sites }) =>
      sites.length === 1 ? [] : [`At the end ${sites.length} servers can write to the ${server} (${sites.join(', ') || 'none'}), and it must be one.`],
    ),
    ...observed.flatMap((state) => (state.state === 'unknown' ? [`Whether the ${state.server} at ${state.site} can write is not known: ${state.how}`] : [])),
  ];
}

/** The proven fence of a server of this kind at a site. */
export function fenceOf(fences: readonly Fence[], site: SiteId, server: ServerKind): Fence | undefined {
  return fences.find((fence) => fence.proven && fence.servers.some((state) => state.site === site && state.server === server));
}

function asFenced(facts: RecoveryFacts, server: WriterState): WriterState {
  const fence = fenceOf(facts.fences, server.site, server.server);
  if (!fence || !(server.state === 'unknown' || (fence.method === 'replication' && server.waits !== undefined))) return server;
  const how = [`fenced by ${fence.method}`, ...(server.waits ? [server.waits] : []), ...(fence.assumption ? [fence.assumption] : [])].join('; ');
  return { ...server, state: 'fenced', how };
}
