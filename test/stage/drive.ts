/** Drives a run as people do, in this process: starts it, answers its gates, waits for its end, bearing that nobody answers for a while. */
import { setTimeout as pause } from 'node:timers/promises';
import { type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import type { OpenGate, RunStatus } from '../../workflows/wire/messages.ts';
import { statusQuery, voteUpdate } from '../../workflows/wire/messages.ts';
import type { ProcedureName } from '../../plan/catalogue/index.ts';
import type { Places } from '../../plan/rules/places.ts';
import { type Answers, answersInLab, type Driven, inputOf, starterOf } from '../driven/driven.ts';
import type { StartInputs } from '../../workflows/wire/starts.ts';
import type { Stage } from './stage.ts';

const answerWithinMs = 4_000;
const lookEveryMs = 150;
/** A run that needs longer than this is stuck. */
const runWithinSeconds = 180;

/** A procedure with what its input has besides, where a test starts it otherwise than usual. */
export interface Start<Name extends ProcedureName = ProcedureName> {
  readonly driven: Driven<Name>;
  readonly change?: Partial<StartInputs[Name]>;
}

/** What a run is about in the lab. */
export function placesOf(stage: Stage, { placesIn }: Pick<Driven, 'placesIn'>): Places {
  return placesIn(stage.scenarios.plan);
}

/** Starts a procedure as the service desk does; the starter does not vote. */
export async function start<Name extends ProcedureName>(stage: Stage, { driven, change }: Start<Name>): Promise<WorkflowHandle> {
  const { plan } = stage.scenarios;
  const input = inputOf(driven, plan, { startedBy: starterOf(plan, driven), ...change } as Partial<StartInputs[Name]>);
  const { runId, executionId } = await stage.dr.start(driven.procedure, input);
  return stage.scenarios.client.workflow.getHandle(runId, executionId);
}

const tryAgain: Answers = { 'failed-step': () => 'retry' };

export interface Drive {
  /** At gates that all procedures have. */
  readonly answers?: Answers;
  /** Called when the first question opens, before anybody votes. */
  readonly atGate?: (() => Promise<void>) | undefined;
}

/** Answers what the run of a procedure asks until it is over; gives Temporal's status, `WAITS` when it asks what nobody answers, or `STUCK`. */
export async function driveToEnd(stage: Stage, run: WorkflowHandle, driven: Driven, { answers = tryAgain, atGate }: Drive = {}): Promise<string> {
  const all = { ...answersInLab(driven), ...answers };
  const deadline = Date.now() + runWithinSeconds * 1000;
  const answered = new Set<string>();
  let atFirst = atGate;
  while (Date.now() < deadline) {
    const state = await within(stage, async () => (await run.describe()).status.name);
    if (state !== undefined && state !== 'RUNNING') return state;
    const gate = (await within(stage, () => run.query<RunStatus, []>(statusQuery)))?.gate;
    if (gate && !answered.has(gate.gate)) {
      await atFirst?.();
      atFirst = undefined;
      const choice = Object.entries(all).find(([id]) => gate.gate.startsWith(id))?.[1](gate) ?? null;
      if (choice === null) return 'WAITS';
      if (await vote(stage, run, gate, choice)) answered.add(gate.gate);
    }
    await pause(lookEveryMs);
  }
  return 'STUCK';
}

/** The open question with its evidence, in one line. */
export async function openQuestion(run: WorkflowHandle): Promise<string> {
  const { gate } = await run.query(statusQuery);
  return gate ? `${gate.question} ${gate.evidence.join(' · ')}` : 'No question is open.';
}

/** Two people cast the same vote. False when one found nobody to count it. */
async function vote(stage: Stage, run: WorkflowHandle, gate: OpenGate, choice: string): Promise<boolean> {
  for (const who of gate.electorate.slice(0, 2)) {
    const cast = { gate: gate.gate, choice, who, reason: 'Evidence read; this is the plan.' };
    const answered = await within(stage, () => receiptOrRefusal(run.executeUpdate(voteUpdate, { args: [cast] })));
    if (answered === undefined) return false;
  }
  return true;
}

/** The answer, or undefined when there is none in time: a worker or the server may be gone just now. */
async function within<T>(stage: Stage, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await stage.scenarios.client.withDeadline(Date.now() + answerWithinMs, ask);
  } catch {
    return undefined;
  }
}

/** A vote whose answer got lost may have been counted; its repeat is then refused, and that is an answer too. */
async function receiptOrRefusal(casting: Promise<unknown>): Promise<true> {
  try {
    await casting;
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
  }
  return true;
}
