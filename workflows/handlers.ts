/** What people and services may say to a run, and ask it: signals, updates, queries. */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { sentencesOf } from '../plan/rules/sentences.ts';
import type { Outcome, Report } from '../report/report.ts';
import type { RecoveryFacts } from './facts.ts';
import { approveSignal, planQuery, rejectSignal, reportQuery, resumeSignal, statusQuery, stopSignal, type Vote, voteSignal, voteUpdate } from './messages.ts';
import type { Run } from './run.ts';
import { statusOf } from './status-of.ts';

/** Handlers are registered before the first await, so that nothing said to the run is lost. */
export function listen(run: Run, facts: RecoveryFacts, report: () => Report, outcome: () => Outcome | null): void {
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
      if (!receipt.counted) throw refused(receipt.note);
      return receipt;
    },
    { description: 'Vote and get an answer: {"gate","choice","who","reason"}.', validator: mustBeWellFormed },
  );
  setHandler(
    stopSignal,
    (said) => {
      const { who, reason } = saidBy(said);
      run.stop(who, reason);
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
    const happened = `A vote is {"gate","choice","who","reason"}; this one lacks ${missing.join(', ')}.`;
    throw refused(sentencesOf({ happened, leftAs: 'Nothing was counted.', next: "Copy the vote from the run's details." }));
  }
}

/** A "no" to a person and no fault: without the stack, which Temporal UI would show below the sentence. */
function refused(sentence: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(sentence, 'refused');
  failure.stack = '';
  return failure;
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
