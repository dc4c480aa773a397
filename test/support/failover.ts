/** A regional failover of the model estate as tests drive it: started by the pager, decided by the first two of the electorate. */
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Plan, PlanSnapshot, Step } from '../../plan/schema.ts';
import type { Report } from '../../report/report.ts';
import { makeDryRunWorkflowId, makeFenceOnReturnWorkflowId, makeRunWorkflowId, taskQueueOf } from '../../workflows/wire/ids.ts';
import { type RunStatus, statusQuery, voteSignal } from '../../workflows/wire/messages.ts';
import type { RegionalFailoverInput } from '../../workflows/wire/regional-failover.ts';
import type { regionalFailover } from '../../workflows/procedures/regional-failover.ts';
import { FakeEstate } from '../model/estate.ts';
import { erlmcpPlan } from './plans.ts';
import { Rig } from './rig.ts';
import { until } from './until.ts';

export type Handle = WorkflowHandleWithFirstExecutionRunId<typeof regionalFailover>;

export let rig: Rig;
/** Made anew for each test, with its primary dead. */
export let estate: FakeEstate;
export let plan: PlanSnapshot;
export let electorate: string[];

/** Call once in a test file. */
export function useFailovers(load: () => Promise<PlanSnapshot> = erlmcpPlan): void {
  beforeAll(async () => {
    plan = await load();
    rig = await Rig.create();
  });
  afterAll(() => rig?.stop());
  beforeEach(async () => {
    await rig.clock.read();
    estate = new FakeEstate(plan, rig.clock);
    estate.dead.add(estate.primary);
    const gate = plan.plan.procedures.regionalFailover.gates.find((candidate) => candidate.id === 'activation');
    electorate = plan.plan.groups.filter((group) => gate?.electorate.includes(group.id)).flatMap((group) => group.members);
  });
}

export async function start(change: Partial<RegionalFailoverInput> = {}, workflowId?: string): Promise<Handle> {
  const input: RegionalFailoverInput = { estate: plan.plan.estate.name, from: estate.primary, to: secondary(), mode: 'live', startedBy: 'pager', ...change };
  const id = workflowId ?? (input.mode === 'dry-run' ? makeDryRunWorkflowId(input.estate) : makeRunWorkflowId(input.estate));
  const handle = await rig.env.client.workflow.start<typeof regionalFailover>('regionalFailover', {
    taskQueue: taskQueueOf(plan.plan.estate.name),
    workflowId: id,
    args: [input],
  });
  rig.keepIfStarted(makeFenceOnReturnWorkflowId(plan.plan.estate.name, estate.primary));
  return rig.keep(handle);
}

/** The site that a failover goes to unless a test says otherwise. */
function secondary(): string {
  return plan.plan.sites.find((site) => site.role === 'secondary')?.id ?? '';
}

/** Skipped at a time while a gate is waited for: far less than any deadline, more than most pauses. */
const skippedMilliseconds = 1_000;

export async function openGate(handle: Handle, named = ''): Promise<NonNullable<RunStatus['gate']>> {
  return until(`gate ${named} opens`, async () => {
    const { gate } = await handle.query(statusQuery);
    if (gate?.gate.startsWith(named)) return gate;
    // What the run waits for meanwhile, such as the pause before it asks a silent site again, costs the test no time.
    await rig.env.sleep(skippedMilliseconds);
    return undefined;
  });
}

export async function vote(handle: Handle, choice: string, voters = electorate.slice(0, 2), named = ''): Promise<void> {
  const gate = await openGate(handle, named);
  for (const who of voters) await handle.signal(voteSignal, { gate: gate.gate, choice, who, reason: 'seen the evidence' });
}

export async function endOf(handle: Handle): Promise<Report> {
  const report = await handle.result();
  await endChild();
  return report;
}

/** The child outlives the run; tests end it, so that its history can be replayed whole. */
async function endChild(): Promise<void> {
  const child = rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, estate.primary));
  await child.cancel().catch(() => undefined);
  await child.result().catch(() => undefined);
}

/** The estate of this test, under a plan in which one step differs. */
export function changedPlan(id: string, change: Partial<Step>): FakeEstate {
  const { regionalFailover: procedure } = plan.plan.procedures;
  const steps = procedure.steps.map((step) => (step.id === id ? { ...step, ...change } : step));
  return underPlan({ ...plan.plan, procedures: { ...plan.plan.procedures, regionalFailover: { ...procedure, steps } } });
}

/** The estate of this test, under a plan that lets a regional failover go to this site. */
export function withTarget(id: string): FakeEstate {
  return underPlan({ ...plan.plan, sites: plan.plan.sites.map((site) => (site.id === id ? { ...site, targetOf: ['regionalFailover'] } : site)) });
}

function underPlan(changed: Plan): FakeEstate {
  estate = new FakeEstate({ digest: plan.digest, plan: changed }, rig.clock);
  estate.dead.add(estate.primary);
  return estate;
}
