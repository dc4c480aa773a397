/** Runs of a procedure on the model of an estate as tests drive them: started by the pager, decided by the first two of the electorate. */
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { ProcedureName } from '../../plan/catalogue/index.ts';
import type { Places } from '../../plan/rules/places.ts';
import type { Plan, PlanSnapshot, Step } from '../../plan/schema.ts';
import type { Report } from '../../report/report.ts';
import { makeDryRunWorkflowId, makeFenceOnReturnWorkflowId, makeRunWorkflowId, taskQueueOf } from '../../workflows/wire/ids.ts';
import { type RunStatus, statusQuery, voteSignal } from '../../workflows/wire/messages.ts';
import { type StartInputs, starts } from '../../workflows/wire/starts.ts';
import { type Driven, inputOf, runbookOf } from '../driven/driven.ts';
import { FakeEstate } from '../model/estate.ts';
import { erlmcpPlan } from './plans.ts';
import { Rig } from './rig.ts';
import { until } from './until.ts';

type Workflow<Name extends ProcedureName> = (input: StartInputs[Name]) => Promise<Report>;
export type Handle<Name extends ProcedureName = ProcedureName> = WorkflowHandleWithFirstExecutionRunId<Workflow<Name>>;

export let rig: Rig;
/** Made anew for each test, with the sites dead that a run is about as failed. */
export let estate: FakeEstate;
export let plan: PlanSnapshot;
/** Of a run that a test does not start elsewhere. */
export let places: Places;
export let electorate: string[];
let driven: Driven;

/** Call once in a test file. */
export function useRuns(of: Driven, load: () => Promise<PlanSnapshot> = erlmcpPlan): void {
  driven = of;
  beforeAll(async () => {
    plan = await load();
    places = of.placesIn(plan.plan);
    rig = await Rig.create();
  });
  afterAll(() => rig?.stop());
  beforeEach(async () => {
    await rig.clock.read();
    underPlan(plan.plan);
    const gate = runbookOf(plan.plan, of.procedure).gates.find((candidate) => candidate.id === of.beginsAt);
    electorate = plan.plan.groups.filter((group) => gate?.electorate.includes(group.id)).flatMap((group) => group.members);
  });
}

/** Starts a run of the procedure that the file uses. */
export async function startRun<Name extends ProcedureName>(
  of: Driven<Name>,
  change: Partial<StartInputs[Name]> = {},
  workflowId?: string,
): Promise<Handle<Name>> {
  const input = inputOf(of, plan.plan, change);
  const id = workflowId ?? (input.mode === 'dry-run' ? makeDryRunWorkflowId(input.estate) : makeRunWorkflowId(input.estate));
  const handle = await rig.env.client.workflow.start<Workflow<Name>>(of.procedure, {
    taskQueue: taskQueueOf(plan.plan.estate.name),
    workflowId: id,
    args: [input],
  });
  for (const site of starts[of.procedure].placesOf(input).failed) rig.keepIfStarted(makeFenceOnReturnWorkflowId(plan.plan.estate.name, site));
  return rig.keep(handle);
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
  for (const site of report.places.failed) await endChild(site);
  return report;
}

/** The child outlives the run; tests end it, so that its history can be replayed whole. */
async function endChild(site: string): Promise<void> {
  const child = rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, site));
  await child.cancel().catch(() => undefined);
  await child.result().catch(() => undefined);
}

/** The estate of this test, under a plan in which one step differs. */
export function changedPlan(id: string, change: Partial<Step>): FakeEstate {
  const runbook = runbookOf(plan.plan, driven.procedure);
  const steps = runbook.steps.map((step) => (step.id === id ? { ...step, ...change } : step));
  return underPlan({ ...plan.plan, procedures: { ...plan.plan.procedures, [driven.procedure]: { ...runbook, steps } } });
}

/** The estate of this test, under another plan. */
export function underPlan(changed: Plan): FakeEstate {
  estate = new FakeEstate({ digest: plan.digest, plan: changed }, rig.clock);
  for (const site of places.failed) estate.dead.add(site);
  return estate;
}
