/**
 * Conducts a procedure from start to report: registers the handlers, loads the plan, catches the endings, takes back what must be taken back, and returns the report.
 */
import { CancellationScope, isCancellation, setCurrentDetails, TemporalFailure, upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ProcedureName } from '../../plan/schema.ts';
import type { Outcome, Report } from '../../report/report.ts';
import { toolsFor } from './activity-proxies.ts';
import { detailsOf } from './details.ts';
import { RunEnding } from './endings.ts';
import { newFacts, type RecoveryFacts } from '../estate/facts.ts';
import { listen } from './handlers.ts';
import { mustRead, runInput } from '../wire/start-forms.ts';
import { openGateMemo, type OpenGateMemo } from '../wire/ids.ts';
import type { RegionalFailoverInput } from '../wire/messages.ts';
import { checkOpening, checkStart, executionName, loadRunPlan } from './opening.ts';
import { reportOf } from './report-of.ts';
import { statusOf } from './status-of.ts';
import { storeReport } from '../steps/closing.ts';
import { describe } from './failures.ts';
import { Run } from './run.ts';
import { observeServers } from '../estate/servers.ts';
import { estateAttribute, modeAttribute, phaseAttribute, procedureAttribute } from '../wire/search-attributes.ts';

type Body = (run: Run, facts: RecoveryFacts) => Promise<void>;

export async function conduct(procedure: ProcedureName, input: RegionalFailoverInput, body: Body): Promise<Report> {
  mustRead(runInput, input, 'a run');
  checkStart(workflowInfo());
  const { workflowId, startTime } = workflowInfo();
  const start = {
    runId: workflowId,
    execution: executionName(),
    procedure,
    from: input.from,
    mode: input.mode,
    startedBy: input.startedBy,
    startedAt: startTime.toISOString(),
  };
  const run = new Run(start);
  const facts = newFacts({
    from: input.from,
    to: input.to,
    leftovers: run.leftovers,
    ...(input.declaredFailed ? { declaredFailed: input.declaredFailed } : {}),
  });
  const ending: Ending = { outcome: null, summary: '' };
  const report = (outcome: Outcome | null): Report => {
    if (outcome === null) return reportOf(run, facts, { open: true, outcome: outcomeSoFar(run), summary: `The run goes on; it is ${run.phase}.` });
    return reportOf(run, facts, { open: false, outcome, summary: ending.summary || summaryOf(run, facts) });
  };
  listen(
    run,
    facts,
    () => report(ending.outcome),
    () => ending.outcome,
  );

  const snapshot = await loadRunPlan(input.planDigest);
  checkOpening(snapshot, { procedure, estate: input.estate, from: input.from, to: input.to, workflowId, mode: input.mode });
  run.use(snapshot);
  showPeople(run, facts, () => ending.outcome);
  run.note(`${input.mode} run of ${procedure} from ${input.from} to ${input.to}, started by ${input.startedBy}.`);

  const early = await untilEnding(run, () => body(run, facts));
  await CancellationScope.nonCancellable(() => closeRun(run, facts, early, ending, report));
  return report(ending.outcome);
}

interface Ending {
  outcome: Outcome | null;
  summary: string;
}

/** Runs the procedure; null when it came to its last step, else how it ended before. */
async function untilEnding(run: Run, body: () => Promise<void>): Promise<RunEnding | null> {
  try {
    await body();
    return null;
  } catch (error) {
    const early = endingOf(error);
    run.note(early.message);
    return early;
  }
}

/** What every ending has in common: take back what must be, read the end state, judge, report. */
async function closeRun(run: Run, facts: RecoveryFacts, early: RunEnding | null, ending: Ending, report: (outcome: Outcome) => Report): Promise<void> {
  run.close();
  if (early) ending.summary = early.message;
  if (early?.undo && !run.forwardOnly) await run.takeBack();
  run.enter('closing');
  // A run that came to its last step has confirmed them there.
  if (early) await observeServers(run, facts, toolsFor('Read which servers can write', 30).read);
  // Until the copy is stored the outcome is the one so far; storing is optional and may add an exception of its own.
  const outcome = () => early?.outcome ?? outcomeSoFar(run);
  try {
    await run.step(
      'store-report',
      storeReport(run, () => report(outcome())),
    );
  } catch (error) {
    run.exceptions.push(`The report was not stored: ${endingOf(error).message}`);
  }
  ending.outcome = outcome();
  run.phase = 'ended';
  run.note(`Ended: ${ending.outcome}. ${ending.summary || summaryOf(run, facts)}`);
}

/** Keeps up to date the details, the phase by which runs are searched, and what the server tells of the open question while no worker lives. */
function showPeople(run: Run, facts: RecoveryFacts, outcome: () => Outcome | null): void {
  let phase = '';
  let shownGate: OpenGateMemo | null = null;
  let due = false;
  const show = () => {
    due = false;
    const status = statusOf(run, facts, outcome());
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

/** A dry run recovers nothing, however well it goes. */
function outcomeSoFar(run: Run): Outcome {
  if (run.rules.changes === 'print') return 'stood down';
  return run.exceptions.length === 0 ? 'recovered' : 'recovered with exceptions';
}

function summaryOf(run: Run, facts: RecoveryFacts): string {
  if (run.rules.changes === 'print') return `Dry run: nothing was changed. ${forecastOf(run, facts)}`;
  return `${run.plan.estate.name} was recovered from ${facts.from} at ${facts.to}.`;
}

/** An ending of the procedure, a cancellation, or a failure that no question caught. Anything else is a fault in the code and fails the workflow task, to be fixed and replayed. */
function endingOf(error: unknown): RunEnding {
  if (error instanceof RunEnding) return error;
  if (isCancellation(error)) return new RunEnding('aborted', 'The run was cancelled; what could be taken back was.', true);
  if (error instanceof TemporalFailure) return new RunEnding('failed', describe(error), true);
  throw error;
}

/** What a live run would come to, no better than what the dry run has met. */
function forecastOf(run: Run, facts: RecoveryFacts): string {
  const way = `${run.plan.estate.name} from ${facts.from} at ${facts.to}`;
  const [first] = run.exceptions;
  return first === undefined ? `A live run would recover ${way}.` : `A live run would not simply recover ${way}: ${first}`;
}
