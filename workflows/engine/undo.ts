/** The way back: what a run can take back, and how it does. */
import { seconds } from '../../plan/durations.ts';
import type { Step } from '../../plan/schema.ts';
import { toolsFor } from './activity-proxies.ts';
import type { Course, Undo } from './course.ts';
import { describe } from './failures.ts';
import { keepShortfalls } from './shortfalls.ts';
import type { UndoBody } from './step-body.ts';

/** Notes how a step is taken back, once, before it is tried. Past the point of no return nothing is. */
export function noteUndo(run: Course, step: Step, undo: UndoBody | undefined): void {
  if (undo && !run.forwardOnly && !run.undos.some((known) => known.step === step.id)) run.undos.push({ step: step.id, ...undo });
}

/** Takes back everything undoable, the latest first. Each undo is tried even when another one failed. */
export async function takeBack(run: Course): Promise<void> {
  run.enter('undoing');
  for (const undo of run.undos.splice(0).reverse()) await takeBackOne(run, undo);
}

async function takeBackOne(run: Course, { step, would, act }: Undo): Promise<void> {
  const planned = run.planned(step);
  const name = `Take back: ${would}`;
  const record = run.record.begin({ ...planned, name }, run.phase);
  const waitedSeconds = run.desk.waitedSeconds.bind(run.desk);
  const less: string[] = [];
  try {
    const answered = (result: unknown) => void less.push(...keepShortfalls(run.record, result));
    const tools = toolsFor(name, seconds(planned.bound), { answered, tell: run.record.tellIn(record) });
    // Quick tries only: a target that is dead by now must not keep the old primary closed for its whole bound.
    const left = await act({ ...tools, change: tools.changeOnce });
    const done = left.length === 0;
    run.record.end(record, { result: done ? 'undone' : 'failed', evidence: [...(done ? [would] : left), ...less].join(' · '), waitedSeconds });
    if (done) run.record.addChange(`Taken back: ${would}`);
    else run.except(`Not taken back: ${would}. ${left.join(' · ')}`);
  } catch (error) {
    run.record.end(record, { result: 'failed', evidence: describe(error), waitedSeconds });
    run.except(`Not taken back: ${would}. ${describe(error)}`);
  }
}
