/** The step that makes sure that the failed sites acknowledge nothing more. */
import type { Fence } from '../../activities/fencing/port.ts';
import { seconds } from '../../plan/durations.ts';
import type { ServerKind } from '../../plan/rules/servers.ts';
import type { SiteId } from '../../plan/schema.ts';
import { now } from '../engine/clock.ts';
import { settle, settleOrEnd } from '../engine/endings.ts';
import type { LostSite, RecoveryFacts } from '../estate/facts.ts';
import type { StepTools } from '../engine/activity-proxies.ts';
import { endFenceOnReturn, FenceOnReturn } from '../children/watch.ts';
import { describe } from '../engine/failures.ts';
import type { Course } from '../engine/course.ts';
import type { Alteration } from '../engine/step-body.ts';
import { afterAgent, openServers, provenPart, toldAmong } from '../estate/servers.ts';
import { cacheSites, databaseSites } from '../estate/sites.ts';
import { mustStillBeFailed } from './detection.ts';

/**
 * Step: fence each server of each failed site by the first method that proves itself: the site's own agent, then replication. What is still unproven is for people.
 * A site that was not fenced by its own agent is left to a child that fences it when it comes back.
 */
export function fenceByFirstProof(run: Course, facts: RecoveryFacts): Alteration<readonly Fence[]> {
  const sites = facts.lost.map(({ site }) => site);
  const survivors = { standbys: databaseSites(run.plan, sites), replicas: cacheSites(run.plan, sites) };
  const otherwise = survivors.standbys.length > 0 ? `, else by detaching ${survivors.standbys.join(', ')}` : '';
  const watches = sites.map((site) => new FenceOnReturn(run, facts, site));
  return {
    changes: true,
    would: sites.map((site) => `fence ${site} through its agent${otherwise}, and leave a child that fences it when it returns`).join('; '),
    predicted: [],
    act: async (tools) => {
      await mustStillBeFailed(run, facts, tools.read);
      await endFenceOnReturn(run, run.places.target, `${run.start.runId} recovers at ${run.places.target}`);
      facts.fences = (await settleOrEnd(...facts.lost.map((lost) => fence(run, facts, tools, lost, survivors)))).flat();
      const byAgent = facts.fences.filter(({ method }) => method === 'agent');
      for (const watch of watches) if (openServers(run.plan, watch.site, byAgent).length > 0) await watch.begin();
      return facts.fences;
    },
    found: (fences) => fences.map((proof) => `${proof.proven ? 'fenced' : 'NOT proven'} (${proof.method}): ${toldAmong(run.places, proof)}`).join(' · '),
    undo: {
      would: `let ${sites.join(', ')} write again and its standbys follow it`,
      act: async (tools) => {
        const opened = await eachOf(watches, async (watch) => [
          ...(await watch.end('the run is taken back')),
          ...(await open(run, tools, watch.site, survivors)),
        ]);
        facts.fences = [];
        return opened.flat();
      },
    },
  };
}

/** What could not be taken back, in words; a failure is one of them. */
async function triedInUndo(undo: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await undo();
  } catch (error) {
    return [describe(error)];
  }
}

/** Side by side, each whatever becomes of the others; the first failure is thrown once all were tried. */
async function eachOf<Each, Answer>(all: readonly Each[], act: (each: Each) => Promise<Answer>): Promise<Answer[]> {
  const results = await Promise.allSettled(all.map(act));
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** The sites that kept copies and are left. */
interface Survivors {
  readonly standbys: readonly SiteId[];
  readonly replicas: readonly SiteId[];
}

/** One after the other, and the second whatever became of the first: a primary that cannot be opened is no reason to leave its standbys alone. */
async function open(run: Course, { change }: StepTools, site: SiteId, survivors: Survivors): Promise<readonly string[]> {
  const notOpened = await triedInUndo(() => change.unfenceByAgent({ run: run.context(), site }).then(({ notTakenBack }) => notTakenBack));
  const notAttached = await triedInUndo(() =>
    change
      .reattach({ run: run.context(), site, ...survivors })
      .then((servers) => servers.flatMap((server) => (server.state === 'unknown' ? [`${server.server} at ${server.site}: ${server.how}`] : []))),
  );
  return [...notOpened, ...notAttached];
}

async function fence(run: Course, facts: RecoveryFacts, tools: StepTools, lost: LostSite, { standbys, replicas }: Survivors): Promise<readonly Fence[]> {
  const { site } = lost;
  const { change } = tools;
  await mustBeFailedUntilNow(run, facts, tools);
  // An agent that gave no answer to the claim a moment ago is not waited for once more, unless the step is tried again; the child finds it when it comes back.
  const silent = lost.agentSilentAt !== null && Date.now() - Date.parse(lost.agentSilentAt) <= seconds(run.plan.estate.detection.evidenceMaxAge) * 1000;
  lost.agentSilentAt = null;
  const answer = silent ? null : await change.fenceByAgent({ run: run.context(), site });
  const byAgent = answer && provenPart(answer);
  const proven = byAgent ? [byAgent] : [];
  const left = openServers(run.plan, site, proven);
  if (left.length > 0) await mustBeFailedUntilNow(run, facts, tools);
  if (left.length > 0 && standbys.length === 0 && replicas.length === 0) return [...proven, nobodyLeft(site, left, answer)];
  const byReplication = {
    database: () => change.fenceDatabaseByReplication({ run: run.context(), site, standbys }),
    cache: () => change.fenceCacheByReplication({ run: run.context(), site, replicas }),
  };
  const next = await settle(...left.map((server) => byReplication[server]()));
  return [...proven, ...next.map((each) => afterAgent(answer, each))];
}

/** What its agent has not closed, where no other site is left that its servers would wait for. */
function nobodyLeft(site: SiteId, servers: readonly ServerKind[], answer: Fence | null): Fence {
  const byAgent = answer === null ? 'its agent does not answer' : `its agent has not closed it (${answer.proof.replace(/\.$/, '')})`;
  const proof = `${byAgent}, and no other site is left by which it could be shown that it acknowledges nothing.`;
  return { method: 'replication', proven: false, servers: servers.map((server) => ({ site, server, state: 'unknown', how: proof })), proof, at: now() };
}

/** The look stands right before the fence: one that people hold after it would begin on what was seen before they did. */
async function mustBeFailedUntilNow(run: Course, facts: RecoveryFacts, { read, hold }: StepTools): Promise<void> {
  do {
    await hold(() => run.hold('before the next fence'));
    await mustStillBeFailed(run, facts, read);
  } while (run.stopped);
}
