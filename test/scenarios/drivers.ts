/** The worker's own drivers, built as the worker builds them: what the estate holds, and calls such as a worker that was left behind would make. */
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RunContext } from '../../activities/context.ts';
import type { Activities } from '../../activities/index.ts';
import type { LabStatus } from '../../lab/status.ts';
import { loadPlan } from '../../plan/load.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { createWorkerActivities } from '../../workers/activities.ts';
import { createPlans } from '../../workers/plans.ts';
import { makeRunWorkflowId } from '../../workflows/wire/ids.ts';
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
  const { activities, close } = createWorkerActivities({
    plans: createPlans(snapshot, () => Promise.resolve(null)),
    planFolder,
    secretFolders: [dirname(planFolder)],
    workers: async () => [],
    clock: { now: () => new Date(), aheadSeconds: () => 0 },
  });
  const runId = makeRunWorkflowId(snapshot.plan.estate.name);
  return {
    activities,
    snapshot,
    context: (epoch, execution) => ({ runId, execution: `${runId}@${execution}`, planDigest: snapshot.digest, epoch }),
    close,
  };
}

/**
 * Everything that a run can change and that outlives it: epochs at the agents, which every changing verb stores, who writes and who follows whom, capacity, switches, records, and
 * how often Route 53 was told to change something.
 */
export interface Traces {
  readonly mutatingCalls: unknown;
  /** All but the epoch's. */
  readonly records: unknown;
  /** The record of the epoch, which a run writes when it claims it, and nobody takes back. */
  readonly zoneEpoch: unknown;
  readonly agents: readonly string[];
  readonly servers: readonly string[];
  readonly capacity: readonly string[];
  readonly switches: readonly string[];
}

export async function readTraces(scenarios: Scenarios, drivers: Drivers): Promise<Traces> {
  const { sites, dns } = drivers.snapshot.plan.estate;
  const { mutatingCalls, accepted } = await scenarios.control<{ mutatingCalls: unknown; accepted: readonly { readonly name: string }[] }>('route53/state');
  const isEpoch = ({ name }: { readonly name: string }) => name.replace(/\.$/, '') === dns.epochRecordName.toLowerCase().replace(/\.$/, '');
  const asked = { run: drivers.context(0, 'the-test'), sites: Object.keys(sites) };
  const agents = await drivers.activities.readAgents(asked);
  const servers = await drivers.activities.readWriters(asked);
  const status = await scenarios.control<LabStatus>('status');
  const switches = Object.entries(sites).map(async ([site, entry]) => {
    const answer = entry.switch && (await fetch(`${entry.switch.url}/switch/${failed}`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined));
    return `${site}: ${answer?.status ?? 'no answer'}`;
  });
  return {
    mutatingCalls,
    records: accepted.filter((record) => !isEpoch(record)),
    zoneEpoch: accepted.filter(isEpoch),
    agents: agents.map((agent) => `${agent.site}: ${agent.reachable ? `epoch ${agent.epoch} of ${agent.epochHolder}` : 'unreachable'}`),
    servers: servers.map((server) => `${server.server} at ${server.site}: ${server.state === 'unknown' ? 'unknown' : server.how}`),
    capacity: status.sites.map(({ site, capacityPercent }) => `${site}: ${capacityPercent} %`),
    switches: await Promise.all(switches),
  };
}

/** One sentence for each of these traces that is not as it was. */
export function differingTraces(before: Traces, now: Traces, of: readonly (keyof Traces)[]): string[] {
  const shown = (trace: unknown) =>
    Array.isArray(trace) ? trace.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join('; ') : JSON.stringify(trace);
  return of.flatMap((name) => (isDeepStrictEqual(before[name], now[name]) ? [] : [`${name}: now ${shown(now[name])}; before ${shown(before[name])}`]));
}
