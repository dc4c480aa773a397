/**
 * Conducts a procedure from start to report: registers the handlers, loads the plan, catches the endings, takes back what must be taken back, and returns the report.
 */
import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  setHandler,
  TemporalFailure,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { forecast, servedFunctions, strictestRto } from '../plan/rules/objectives.ts';
import { expectedRoutingSeconds } from '../plan/rules/waits.ts';
import type { ProcedureName } from '../plan/schema.ts';
import type { Outcome, Report } from '../report/report.ts';
import { toolsFor } from './activity-proxies.ts';
import { detailsOf } from './details.ts';
import { RunEnding } from './endings.ts';
import { newFacts, type RecoveryFacts } from './facts.ts';
import {
  approveSignal,
  planQuery,
  type RegionalFailoverInput,
  rejectSignal,
  reportQuery,
  resumeSignal,
  type RunStatus,
  statusQuery,
  stopSignal,
  type Vote,
  voteSignal,
  voteUpdate,
} from './messages.ts';
import { checkInput, checkOpening, executionName, loadRunPlan } from './opening.ts';
import { reportOf } from './report-of.ts';
import { storeReport } from './steps/closing.ts';
import { describe, now, Run } from './run.ts';
import { estateAttribute, modeAttribute, phaseAttribute, procedureAttribute } from './search-attributes.ts';

type Body = (run: Run, facts: RecoveryFacts) => Promise<void>;

export async function conduct(procedure: ProcedureName, input: RegionalFailoverInput, body: Body): Promise<Report> {
  checkInput(input);
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
  const facts = newFacts({ from: input.from, to: input.to, ...(input.declaredFailed ? { declaredFailed: input.declaredFailed } : {}) });
  const ending: Ending = { outcome: null, summary: '' };
  const report = (): Report => reportOf(run, facts, ending.outcome ?? outcomeSoFar(run), ending.summary || summaryOf(run, facts));
  listen(run, facts, report, () => ending.outcome);

  const snapshot = await loadRunPlan(input.planDigest);
  checkOpening(snapshot, { procedure, estate: input.estate, from: input.from, to: input.to, workflowId, rules: run.rules });
  run.use(snapshot);
  showPeople(run, facts, () => ending.outcome);
  run.note(`${input.mode} run of ${procedure} from ${input.from} to ${input.to}, started by ${input.startedBy}.`);

  const early = await untilEnding(run, () => body(run, facts));
  await CancellationScope.nonCancellable(() => closeRun(run, facts, early, ending, report));
  return report();
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
async function closeRun(run: Run, facts: RecoveryFacts, early: RunEnding | null, ending: Ending, report: () => Report): Promise<void> {
  // The stop switch holds changes of the procedure; a run that ends must be able to take them back and to report.
  if (run.stopped) run.note(`The stop of ${run.stopped.who} is lifted: the run ends.`);
  run.stopped = null;
  if (early) ending.summary = early.message;
  if (early?.undo && !run.forwardOnly) await run.takeBack();
  run.enter('closing');
  await observeServers(run, facts);
  if (!early) judgeServers(run, facts);
  // Until the copy is stored the outcome is the one so far; storing is optional and may add an exception of its own.
  const outcome = () => early?.outcome ?? outcomeSoFar(run);
  try {
    await run.step(
      'store-report',
      storeReport(run, () => ({ ...report(), outcome: outcome() })),
    );
  } catch (error) {
    run.exceptions.push(`The report was not stored: ${endingOf(error).message}`);
  }
  ending.outcome = outcome();
  run.phase = 'ended';
  run.note(`Ended: ${ending.outcome}. ${ending.summary || summaryOf(run, facts)}`);
}

/** Handlers are registered before the first await, so that nothing said to the run is lost. */
function listen(run: Run, facts: RecoveryFacts, report: () => Report, outcome: () => Outcome | null): void {
  const vote = (cast: Vote, channel: 'signal' | 'update') => run.desk.cast(cast, channel);
  setHandler(voteSignal, (cast) => void vote(wellFormed(cast), 'signal'), {
    description: 'Vote on the open question: {"gate","choice","who","reason"}. See the details of the run for a vote to copy.',
  });
  setHandler(approveSignal, (cast) => void vote(wellFormed({ ...cast, choice: 'approve' }), 'signal'), {
    description: 'Approve the open question: {"gate","who","reason"}.',
  });
  setHandler(rejectSignal, (cast) => void vote(wellFormed({ ...cast, choice: 'reject' }), 'signal'), {
    description: 'Reject the open question: {"gate","who","reason"}.',
  });
  setHandler(
    voteUpdate,
    (cast) => {
      const receipt = vote(cast, 'update');
      // The refusal is kept in the history and on the record; it answers the caller as a failed update.
      if (!receipt.counted) throw ApplicationFailure.nonRetryable(receipt.note, 'refused');
      return receipt;
    },
    { description: 'Vote and get an answer: {"gate","choice","who","reason"}.', validator: mustBeWellFormed },
  );
  setHandler(
    stopSignal,
    (said) => {
      const { who, reason } = saidBy(said);
      run.stopped = { who, reason, at: now() };
      run.note(`Stop switch thrown by ${who}: ${reason}`);
    },
    { description: 'Hold the run before its next change: {"who","reason"}.' },
  );
  setHandler(
    resumeSignal,
    (said) => {
      const { who, reason } = saidBy(said);
      if (!run.planSnapshot?.plan.people.some((person) => person.id === who))
        return run.note(`Not resumed: ${who} is nobody in the plan. The run stays as it is. (${reason})`);
      run.stopped = null;
      run.note(`Resumed by ${who}: ${reason}`);
    },
    { description: 'Let a stopped run go on: {"who","reason"}. Who stands in the plan.' },
  );
  setHandler(statusQuery, () => statusOf(run, facts, outcome()), { description: 'Where the run is: phase, question, clock, steps, changes.' });
  setHandler(planQuery, () => run.planSnapshot, { description: 'The plan that the run works on.' });
  setHandler(reportQuery, report, { description: 'The report as it stands.' });
}

/** Rejected before it reaches the history: it is no vote at all. */
function mustBeWellFormed(vote: Vote): void {
  const missing = (['gate', 'choice', 'who', 'reason'] as const).filter((field) => typeof vote?.[field] !== 'string');
  if (missing.length > 0) {
    throw ApplicationFailure.nonRetryable(
      `A vote is {"gate","choice","who","reason"}; this one lacks ${missing.join(', ')}. Nothing was counted. HINT: copy the vote from the run's details.`,
      'refused',
    );
  }
}

/** A signal cannot be refused, so what is missing is made empty and the tally refuses it on the record. */
function wellFormed(vote: Partial<Vote> | undefined): Vote {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { gate: text(vote?.gate), choice: text(vote?.choice), who: text(vote?.who), reason: text(vote?.reason) };
}

/** A signal without a payload must not break the run: it counts, by somebody. */
function saidBy(said: { readonly who?: string; readonly reason?: string } | undefined): { who: string; reason: string } {
  return { who: said?.who || 'somebody', reason: said?.reason || 'no reason was given' };
}

/** Keeps the details, and the phase by which runs are searched, up to date. */
function showPeople(run: Run, facts: RecoveryFacts, outcome: () => Outcome | null): void {
  let phase = '';
  run.onChange = () => {
    setCurrentDetails(detailsOf(statusOf(run, facts, outcome())));
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

function statusOf(run: Run, facts: RecoveryFacts, outcome: Outcome | null): RunStatus {
  const failedSince = facts.moments.failedSince ?? null;
  return {
    runId: run.start.runId,
    estate: run.planSnapshot?.plan.estate.name ?? '',
    procedure: run.start.procedure,
    mode: run.start.mode,
    phase: run.phase,
    from: facts.from,
    to: facts.to,
    startedAt: run.start.startedAt,
    epoch: run.epoch,
    stopped: run.stopped,
    forecast: run.planSnapshot ? forecastOf(run, facts) : 'no clock yet',
    failedSince,
    gate: run.desk.view(),
    refusedVotes: run.desk.refusals.map((vote) => `${vote.at} ${vote.who || 'somebody'} by ${vote.channel}: ${vote.note}`),
    steps: run.steps,
    pendingSteps: run.pendingSteps(),
    loss: facts.loss,
    changes: run.changes,
    timeline: run.timeline,
    outcome,
  };
}

/** The clock against the strictest function; once customers are routed, what was achieved. */
function forecastOf(run: Run, facts: RecoveryFacts): string {
  const routed = facts.moments.authoritativeAt;
  const remaining = routed ? 0 : expectedRoutingSeconds(run.plan.estate.dns);
  const at = routed ? new Date(Date.parse(routed) + (facts.moments.ttlSeconds ?? 0) * 1000).toISOString() : now();
  return forecast({
    failedSince: facts.moments.failedSince ?? null,
    now: at,
    rtoSeconds: strictestRto(servedFunctions(run.plan)),
    remainingSeconds: remaining,
  });
}

/** A dry run recovers nothing, however well it goes. */
function outcomeSoFar(run: Run): Outcome {
  if (run.rules.changes === 'print') return 'stood down';
  return run.exceptions.length === 0 ? 'recovered' : 'recovered with exceptions';
}

function summaryOf(run: Run, facts: RecoveryFacts): string {
  if (run.rules.changes === 'print') return `Dry run: nothing was changed. A live run would recover ${run.plan.estate.name} from ${facts.from} at ${facts.to}.`;
  return `${run.plan.estate.name} was recovered from ${facts.from} at ${facts.to}.`;
}

/** An ending of the procedure, a cancellation, or a failure that no question caught. Anything else is a fault in the code and fails the workflow task, to be mended and replayed. */
function endingOf(error: unknown): RunEnding {
  if (error instanceof RunEnding) return error;
  if (isCancellation(error)) return new RunEnding('aborted', 'The run was cancelled; what could be taken back was.', true);
  if (error instanceof TemporalFailure) return new RunEnding('failed', describe(error), true);
  throw error;
}

/** Exactly one writer of each kind, and nothing unknown: what falls short stands first in the report. */
function judgeServers(run: Run, facts: RecoveryFacts): void {
  if (run.rules.changes === 'print') return;
  for (const server of ['database', 'cache'] as const) {
    const writers = facts.observed.filter((state) => state.server === server && state.state === 'writer').map((state) => state.site);
    if (writers.length !== 1)
      run.exceptions.push(`At the end ${writers.length} servers can write to the ${server} (${writers.join(', ') || 'none'}), and it must be one.`);
  }
  for (const state of facts.observed.filter((candidate) => candidate.state === 'unknown')) {
    run.exceptions.push(`Whether the ${state.server} at ${state.site} can write is not known: ${state.how}`);
  }
}

/** The end state is read, not assumed; a server that cannot be read is what its fence proves it to be. */
async function observeServers(run: Run, facts: RecoveryFacts): Promise<void> {
  const { read } = toolsFor('Read which servers can write', 30);
  const sites = run.plan.sites.map((site) => site.id);
  try {
    const servers = await read.readWriters({ run: run.context(), sites });
    facts.observed = servers.map((server) => (server.state === 'unknown' ? (fencedBy(facts, server.site, server.server) ?? server) : server));
  } catch {
    facts.leftovers.push('The end state of the servers could not be read; look at them by hand.');
    return;
  }
}

/** A server that cannot be read is what its fence proves it to be. */
function fencedBy(facts: RecoveryFacts, site: string, server: 'database' | 'cache') {
  const fence = facts.fences.find((candidate) => candidate.proven && candidate.servers.some((state) => state.site === site && state.server === server));
  if (!fence) return undefined;
  return { site, server, state: 'fenced' as const, how: `fenced by ${fence.method}${fence.assumption ? `; ${fence.assumption}` : ''}` };
}
