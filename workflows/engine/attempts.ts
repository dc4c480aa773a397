/** One step, tried until it is done. What is transient is tried again until the step's bound; when the step fails for good, people choose. */
import { isCancellation } from '@temporalio/workflow';
import { seconds } from '../../plan/durations.ts';
import type { Step } from '../../plan/schema.ts';
import { toolsFor } from './activity-proxies.ts';
import { ask, askBefore } from './asking.ts';
import { now } from './clock.ts';
import type { Course } from './course.ts';
import { RunEnding } from './endings.ts';
import { failedStepQuestion } from './failed-step.ts';
import { describe, holdsNothing, isTechnical, whyNothingIsHeld } from './failures.ts';
import type { GateEvidence } from './gate.ts';
import { noGravity } from './gravity.ts';
import type { OpenRecord, StepEnd } from './record.ts';
import { keepShortfalls } from './shortfalls.ts';
import type { DryRun, StepBody } from './step-body.ts';
import { noteUndo } from './undo.ts';

/** A step of the plan: its gate is asked, then it is tried until it is done. */
export async function takeStep<T>(run: Course, id: string, body: StepBody<T>): Promise<T> {
  const step = run.planned(id);
  await askBefore(run, step);
  return attemptUntilDone(run, step, body);
}

/** Tries a step until it is done, or people skip it; throws how the run ends when they end it. An optional step that fails is noted as an exception. */
export async function attemptUntilDone<T>(run: Course, step: Step, body: StepBody<T>): Promise<T> {
  if ('would' in body && run.rules.changes === 'print') return print(run, step, body);
  for (;;) {
    if ('changes' in body) {
      await run.hold(`before "${step.name}"`);
      if (step.id === run.procedure.pointOfNoReturn) run.passPointOfNoReturn('Point of no return: from here on the run only goes forward.');
      noteUndo(run, step, body.undo);
    }
    const tried = await attempt(run, step, body);
    if (tried.ok) {
      if ('changes' in body) run.record.noteChange(step, body.found(tried.value), tried.asked);
      keepShortfalls(run.record, tried.value);
      return tried.value;
    }
    if ((await afterFailure(run, step, 'otherwise' in body, tried.error)) === 'skip') return body.otherwise as T;
  }
}

async function attempt<T>(run: Course, step: Step, body: StepBody<T>): Promise<{ ok: true; value: T; asked: boolean } | { ok: false; error: unknown }> {
  const record = run.record.begin(step, run.phase);
  let asked = false;
  const beforeChange = () => run.hold(`within "${step.name}"`).then(() => void (asked = true));
  try {
    const value = await body.act(toolsFor(step.name, seconds(step.bound), { beforeChange, tell: run.record.tellIn(record) }));
    end(run, record, 'done', body.found(value));
    return { ok: true, value, asked };
  } catch (error) {
    if ('changes' in body && asked) run.record.noteChange(step, null, true);
    end(run, record, 'failed', describe(error));
    if (error instanceof RunEnding || isCancellation(error) || !isTechnical(error)) throw error;
    return { ok: false, error };
  }
}

function print<T>(run: Course, step: Step, body: DryRun<T>): T {
  if (step.id === run.procedure.pointOfNoReturn) run.note('Point of no return: a live run would only go forward from here.');
  end(run, run.record.begin(step, run.phase), 'would do', `Would ${body.would}.`);
  run.record.addChange(`Would ${body.would}.`);
  return body.predicted;
}

function end(run: Course, record: OpenRecord, result: StepEnd['result'], evidence: string): void {
  run.record.end(record, { result, evidence, waitedSeconds: run.desk.waitedSeconds.bind(run.desk) });
}

async function afterFailure(run: Course, step: Step, canSkip: boolean, error: unknown): Promise<'retry' | 'skip'> {
  const text = describe(error);
  if (holdsNothing(error)) throw new RunEnding('aborted', whyNothingIsHeld(error), false);
  if (!step.critical && canSkip) {
    run.except(`Optional step failed: ${step.name}. ${text}`);
    return 'skip';
  }
  const evidence: GateEvidence = { lines: [text, run.changedSoFar], at: now(), gravity: noGravity };
  const moot = () => (run.ending ? 'the run ends by another decision' : null);
  const decision = await ask(run, failedStepQuestion({ step, canSkip, forwardOnly: run.forwardOnly, evidence, moot }));
  if (decision.kind === 'settled') run.unlessEnding(() => undefined);
  if (run.rules.gates === 'show') return afterFailureInDryRun(run, step, canSkip, text);
  if (decision.kind !== 'decided') throw new RunEnding('failed', `"${step.name}" failed and nobody decided in time. ${run.leftAs} ${text}`, !run.forwardOnly);
  if (decision.choice === 'undo') throw new RunEnding('aborted', `People chose to take the run back after "${step.name}" failed. ${text}`, true);
  if (decision.choice === 'abort')
    throw new RunEnding('aborted', `People aborted the run after "${step.name}" failed; everything stays as it is. ${text}`, false);
  if (decision.choice !== 'skip') return 'retry';
  run.except(`Skipped: ${step.name}. ${text}`);
  run.record.markSkipped(step.id);
  return 'skip';
}

/** Nobody answers in a dry run: what failed is noted, and the run goes on where it can. */
function afterFailureInDryRun(run: Course, step: Step, canSkip: boolean, text: string): 'skip' {
  run.except(`A live run would stop at "${step.name}" and ask. ${text}`);
  if (!canSkip) throw new RunEnding('stood down', `The dry run ends at "${step.name}", which failed: nothing was changed. ${text}`, false);
  return 'skip';
}
