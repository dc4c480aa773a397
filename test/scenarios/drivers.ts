/** The worker's own drivers, built as the worker builds them: what the estate holds, and calls such as a worker that was left behind would make. */
import type { RunContext } from '../../activities/context.ts';
import type { Activities } from '../../activities/index.ts';
import { loadPlan } from '../../plan/load.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { createWorkerActivities } from '../../workers/activities.ts';
import { createPlans } from '../../workers/plans.ts';
import { makeRunWorkflowId } from '../../workflows/ids.ts';
import { failed, type Scenarios } from './scenarios.ts';

export interface Drivers {
  readonly activities: Activities;
  readonly snapshot: PlanSnapshot;
  /** What an activity of the run with this epoch is told; `execution` is Temporal's id of the run. */
  context(epoch: number, execution: string): RunContext;
  close(): Promise<void>;
}

export async function openDrivers(planFolder: string): Promise<Drivers> {
  const snapshot = await loadPlan(planFolder);
  const { activities, close } = createWorkerActivities({ plans: createPlans(snapshot, () => Promise.resolve(null)), planFolder });
  const runId = makeRunWorkflowId(snapshot.plan.estate.name);
  return {
    activities,
    snapshot,
    context: (epoch, execution) => ({ runId, execution: `${runId}@${execution}`, planDigest: snapshot.digest, epoch }),
    close,
  };
}

/**
 * Everything that a run can change and that outlives it: epochs at the agents, which every changing verb stores, who writes and who follows whom, switches, records, and how
 * often Route 53 was told to change something.
 */
export interface Traces {
  readonly mutatingCalls: unknown;
  readonly records: unknown;
  readonly agents: readonly string[];
  readonly servers: readonly string[];
  readonly switches: readonly string[];
}

export async function readTraces(scenarios: Scenarios, drivers: Drivers): Promise<Traces> {
  const { sites } = drivers.snapshot.plan.estate;
  const { mutatingCalls, accepted } = await scenarios.control<{ mutatingCalls: unknown; accepted: unknown }>('route53/state');
  const asked = { run: drivers.context(0, 'the-test'), sites: Object.keys(sites) };
  const agents = await drivers.activities.readAgents(asked);
  const servers = await drivers.activities.readWriters(asked);
  const switches = Object.entries(sites).map(async ([site, entry]) => {
    const answer = entry.switch && (await fetch(`${entry.switch.url}/switch/${failed}`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined));
    return `${site}: ${answer?.status ?? 'no answer'}`;
  });
  return {
    mutatingCalls,
    records: accepted,
    agents: agents.map((agent) => `${agent.site}: ${agent.reachable ? `epoch ${agent.epoch} of ${agent.epochHolder}` : 'unreachable'}`),
    servers: servers.map((server) => `${server.server} at ${server.site}: ${server.state === 'unknown' ? 'unknown' : server.how}`),
    switches: await Promise.all(switches),
  };
}
