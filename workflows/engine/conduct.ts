/**
 * Conducts a procedure from start to report: registers the handlers, loads the plan, catches the endings, takes back what must be taken back, and returns the report.
 */
import { CancellationScope, isCancellation, setCurrentDetails, TemporalFailure, upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ProcedureName, StepIdOf } from '../../plan/catalogue/index.ts';
import { fromTo } from '../../plan/rules/places.ts';
import type { GoodEnd, Outcome, Report } from '../../report/report.ts';
import { openGateMemo, type OpenGateMemo } from '../wire/ids.ts';
import type { RunStatus } from '../wire/messages.ts';
import { estateAttribute, modeAttribute, phaseAttribute, procedureAttribute } from '../wire/search-attributes.ts';
import { type StartInputs, starts } from '../wire/starts.ts';
import { mustRead } from './must-read.ts';
import { takeStep } from './attempts.ts';
import { type Course, runbookOf } from './course.ts';
import { detailsOf } from './details.ts';
import { RunEnding } from './endings.ts';
import { describe } from './failures.ts';
import { listen } from './handlers.ts';
import { checkLock, checkStart, executionName, loadRunPlan } from './opening.ts';
import type { ProcedureDefinition } from './procedure.ts';
import { reportOf } from './report-of.ts';
import { Run } from './run.ts';
import { statusOf } from './status-of.ts';
import { storeReport } from './store-report.ts';
import { takeBack } from './undo.ts';

export async function conduct<Name extends ProcedureName, Facts>(procedure: ProcedureDefinition<Name, Facts>, input: StartInputs[Name]): Promise<Report> {
  mustRead(starts[procedure.name].form, input, 'a run');
  checkStart(workflowInfo(), input.estate, procedure.name);
  const run = openRun(procedure, input);
  const facts = procedure.newFacts(input);
  const ending: Ending = { outcome: null, summary: '' };
  const status = () => statusOf(run, procedure.status(run, facts), ending.outcome);
  const report = (outcome: Outcome | null): Report => {
    const told = {
      open: outcome === null,
      outcome: outcome ?? outcomeSoFar(run, procedure.goodEnd),
      summary: outcome === null ? `The run goes on; it is ${run.phase}.` : summary(),
    };
    return reportOf(run, procedure.report(run, facts), told);
  };
  const summary = () => ending.summary || summaryOf(run, starts[procedure.name].aim(run.plan.estate.name, run.places));
  listen(run, { status, report: () => report(ending.outcome) });

  const snapshot = await loadRunPlan(input.planDigest);
  checkLock(snapshot, input, workflowInfo(), procedure.name);
  runbookOf(snapshot.plan, procedure.name);
  procedure.checkPlaces(snapshot.plan, run.places);
  run.use(snapshot);
  showPeople(run, status);
  run.note(`${input.mode} run of ${procedure.name} ${fromTo(run.places)}, started by ${input.startedBy}.`);

  const early = await untilEnding(run, () => procedure.body(run, facts));
  await CancellationScope.nonCancellable(async () => {
    run.close();
    if (early) ending.summary = early.message;
    if (early?.undo && !run.forwardOnly) await takeBack(run);
    run.enter('closing');
    // A run that came to its last step has looked at the end of it there.
    if (early) await lookAtEnd(run, () => procedure.readEnd(run, facts));
    // Until the copy is stored the outcome is the one so far; storing is optional and may add an exception of its own.
    const outcome = () => early?.outcome ?? outcomeSoFar(run, procedure.goodEnd);
    await keepReport(run, () => report(outcome()));
    ending.outcome = outcome();
    run.phase = 'ended';
    run.note(`Ended: ${ending.outcome}. ${summary()}`);
  });
  return report(ending.outcome);
}

interface Ending {
  outcome: Outcome | null;
  summary: string;
}

function openRun<Name extends ProcedureName, Facts>(procedure: ProcedureDefinition<Name, Facts>, input: StartInputs[Name]): Run<StepIdOf<Name>> {
  const { workflowId, startTime } = workflowInfo();
  return new Run<StepIdOf<Name>>({
    runId: workflowId,
    execution: executionName(),
    procedure: procedure.name,
    firstPhase: procedure.firstPhase,
    beginsAt: procedure.beginsAt,
    places: starts[procedure.name].placesOf(input),
    mode: input.mode,
    startedBy: input.startedBy,
    startedAt: startTime.toISOString(),
  });
}

/** Runs the procedure; null when it came to its last step, else how it ended before. */
async function untilEnding(run: Course, body: () => Promise<void>): Promise<RunEnding | null> {
  try {
    await body();
    return null;
  } catch (error) {
    const early = endingOf(error);
    run.note(early.message);
    return early;
  }
}

/** A run that cannot look at its end any more has a report all the same. */
async function lookAtEnd(run: Course, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    run.except(`Which servers can write at the end could not be read: ${endingOf(error).message}`);
  }
}

/** The last step of every procedure, however it ends. */
async function keepReport(run: Course, report: () => Report): Promise<void> {
  try {
    await takeStep(run, 'store-report', storeReport(run, report));
  } catch (error) {
    run.except(`The report was not stored: ${endingOf(error).message}`);
  }
}

/** Keeps up to date the details, the phase by which runs are searched, and what the server tells of the open question while no worker lives. */
function showPeople(run: Course, statusNow: () => RunStatus): void {
  let phase = '';
  let shownGate: OpenGateMemo | null = null;
  let due = false;
  const show = () => {
    due = false;
    const status = statusNow();
    setCurrentDetails(detailsOf(status));
    const open = status.gate && { gate: status.gate.gate, deadlineAt: status.gate.deadlineAt };
    if (open?.gate !== shownGate?.gate) upsertMemo({ [openGateMemo]: (shownGate = open) });
  };
  run.onChange = () => {
    // Once for all that comes in one go: a single workflow task may bring thousands of messages.
    if (!due) void Promise.resolve().then(show);
    due = true;
    if (phase === run.phase) return;
    phase = run.phase;
    upsertSearchAttributes([
      { key: estateAttribute, value: run.plan.estate.name },
      { key: procedureAttribute, value: run.start.procedure },
      { key: modeAttribute, value: run.start.mode },
      { key: phaseAttribute, value: phase },
    ]);
  };
  run.onChange();
}

/** A dry run comes to no good end, however well it goes. */
function outcomeSoFar(run: Course, goodEnd: GoodEnd): Outcome {
  if (run.rules.changes === 'print') return 'stood down';
  return run.record.exceptions.length === 0 ? goodEnd : `${goodEnd} with exceptions`;
}

/** What was done, or what a live run would come to: no better than what the dry run has met. */
function summaryOf(run: Course, { toDo, done }: { readonly toDo: string; readonly done: string }): string {
  if (run.rules.changes !== 'print') return `${done}.`;
  const [first] = run.record.exceptions;
  return `Dry run: nothing was changed. ${first === undefined ? `A live run would ${toDo}.` : `A live run would not simply ${toDo}: ${first}`}`;
}

/** An ending of the procedure, a cancellation, or a failure that no question caught. Anything else is a fault in the code and fails the workflow task, to be fixed and replayed. */
function endingOf(error: unknown): RunEnding {
  if (error instanceof RunEnding) return error;
  if (isCancellation(error)) return new RunEnding('aborted', 'The run was cancelled; what could be taken back was.', true);
  if (error instanceof TemporalFailure) return new RunEnding('failed', describe(error), true);
  throw error;
}
