/** Steps that take the estate for this run and make sure that the failed site acknowledges nothing more. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { AgentState } from '../../activities/hosts/port.ts';
import type { Fence, WriterState } from '../../activities/fencing/port.ts';
import type { SiteId } from '../../plan/schema.ts';
import { settle } from '../endings.ts';
import type { RecoveryFacts } from '../facts.ts';
import type { StepTools } from '../activity-proxies.ts';
import { endFenceOnReturn, FenceOnReturn } from '../leftovers.ts';
import type { Alteration, Run } from '../run.ts';
import { cacheSites, databaseSites, otherSites } from '../sites.ts';

/** Step: the run takes the next epoch, stored by a majority of the sites that are not declared failed. */
export function claimEpoch(run: Run, facts: RecoveryFacts): Alteration<readonly SiteId[]> {
  const voters = otherSites(run.plan, facts.from);
  const majority = Math.floor(voters.length / 2) + 1;
  return {
    changes: true,
    would: `store the next epoch at ${majority} or more of ${voters.join(', ')}`,
    predicted: voters,
    act: async ({ read, change }) => {
      const agents = await read.readAgents({ run: run.context(), sites: [facts.from, ...voters] });
      run.epoch = nextEpoch(agents, run.start.execution);
      const reachable = agents.filter((agent) => agent.reachable).map((agent) => agent.site);
      const claims = await Promise.allSettled(reachable.map((site) => change.claimEpoch({ run: run.context(), site })));
      const refused = claims.find((claim) => claim.status === 'rejected');
      const stored = reachable.filter((site, index) => claims[index]?.status === 'fulfilled' && voters.includes(site));
      if (stored.length < majority && refused) throw refused.reason;
      if (stored.length < majority) throw notEnough(stored, majority, agents);
      return stored;
    },
    found: (stored) => `epoch ${run.epoch} stored at ${stored.join(', ')}`,
  };
}

/** One above the highest epoch seen; a step that is tried again keeps the epoch that it holds already. */
export function nextEpoch(agents: readonly AgentState[], execution: string): number {
  const held = agents.filter((agent) => agent.reachable);
  const highest = Math.max(0, ...held.map((agent) => agent.epoch));
  const ours = highest > 0 && held.filter((agent) => agent.epoch === highest).every((agent) => agent.epochHolder === execution);
  return ours ? highest : highest + 1;
}

function notEnough(stored: readonly SiteId[], majority: number, agents: readonly AgentState[]): ApplicationFailure {
  const silent = agents.flatMap((agent) => (agent.reachable ? [] : [`${agent.site}: ${agent.reason}`]));
  return ApplicationFailure.nonRetryable(
    `The epoch is stored at ${stored.length} site(s), and ${majority} are needed (${silent.join('; ')}). It stays there, which harms nothing; nothing else was changed. HINT: bring an agent back, then choose retry.`,
    'permanent',
  );
}

/**
 * Step: fence by the first method that proves itself: the site's own agent, then replication. What is still unproven is for people.
 * A site that was not fenced by its own agent is left to a child that fences it when it comes back.
 */
export function fenceByFirstProof(run: Run, facts: RecoveryFacts): Alteration<readonly Fence[]> {
  const site = facts.from;
  const standbys = databaseSites(run.plan, site);
  const replicas = cacheSites(run.plan, site);
  const watch = new FenceOnReturn(run, facts);
  return {
    changes: true,
    would: `fence ${site} through its agent, else by detaching ${standbys.join(', ')}, and leave a child that fences it when it returns`,
    predicted: [],
    act: async (tools) => {
      await endFenceOnReturn(run, facts.to, `${run.start.runId} recovers at ${facts.to}`);
      facts.fences = await fence(run, tools, site, standbys, replicas);
      if (!facts.fences.some((proof) => proof.method === 'agent' && proof.proven)) await watch.begin();
      return facts.fences;
    },
    found: (fences) => fences.map((proof) => `${proof.proven ? 'fenced' : 'NOT proven'} (${proof.method}): ${proof.proof}`).join(' · '),
    undo: {
      would: `let ${site} write again and its standbys follow it`,
      act: async ({ change }) => {
        await watch.end('the run is taken back');
        const opened = await change.unfenceByAgent({ run: run.context(), site });
        const attached = await change.reattach({ run: run.context(), site, standbys, replicas });
        facts.fences = [];
        return [...opened.servers, ...attached]
          .filter((server) => server.state === 'unknown')
          .map((server) => `${server.server} at ${server.site}: ${server.how}`);
      },
    },
  };
}

async function fence(run: Run, { change }: StepTools, site: SiteId, standbys: readonly SiteId[], replicas: readonly SiteId[]): Promise<readonly Fence[]> {
  const byAgent = await change.fenceByAgent({ run: run.context(), site });
  if (byAgent.proven) return [byAgent];
  return settle(
    change.fenceDatabaseByReplication({ run: run.context(), site, standbys }),
    change.fenceCacheByReplication({ run: run.context(), site, replicas }),
  );
}

/** Whether every server of the failed site is proven fenced. */
export function allProven(fences: readonly Fence[]): boolean {
  return fences.length > 0 && fences.every((fence) => fence.proven);
}

/** End state that a failover leads to: one writer, everything else fenced or standby. Refused before the start when it does not. */
export function predictServers(run: Run, facts: RecoveryFacts): readonly WriterState[] {
  const servers = (site: SiteId): WriterState[] =>
    (['database', 'cache'] as const)
      .filter((server) => run.plan.estate.sites[site]?.[server] !== undefined)
      .map((server) => ({ site, server, ...predicted(site, facts) }));
  return run.plan.sites.flatMap((site) => servers(site.id));
}

function predicted(site: SiteId, facts: RecoveryFacts): Pick<WriterState, 'state' | 'how'> {
  if (site === facts.to) return { state: 'writer', how: 'promoted by this run' };
  if (site === facts.from) return { state: 'fenced', how: 'fenced by this run before anything is promoted' };
  return { state: 'standby', how: `follows ${facts.to}` };
}
