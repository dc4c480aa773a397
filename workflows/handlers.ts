/** What people and services may say to a run, and ask it: signals, updates, queries. Whatever is said, none of it breaks the run: what cannot be taken is refused on the record. */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { sentencesOf } from '../plan/rules/sentences.ts';
import type { Outcome, Report } from '../report/report.ts';
import type { RecoveryFacts } from './facts.ts';
import { statusBytesMax, within } from './bounds.ts';
import { lengthsMax, type MessageForm, nameIn, readMessage, type Reading, saidForm, shortVoteForm, voteForm } from './message-forms.ts';
import { approveSignal, planQuery, rejectSignal, reportQuery, resumeSignal, statusQuery, stopSignal, type Vote, voteSignal, voteUpdate } from './messages.ts';
import type { Run } from './run.ts';
import { onOtherSignals, onSignal } from './signals.ts';
import { statusOf } from './status-of.ts';

/** Handlers are registered before the first await, so that nothing said to the run is lost. */
export function listen(run: Run, facts: RecoveryFacts, report: () => Report, outcome: () => Outcome | null): void {
  listenForVotes(run);
  listenForVoteUpdates(run);
  onSignal(
    stopSignal,
    (said) => take(run, 'stop', saidForm, said, (value) => run.stopSwitch.turn('stop', value)),
    'Hold the run before its next change: {"who","reason"}. Who stands in the plan.',
  );
  onSignal(
    resumeSignal,
    (said) => take(run, 'resume', saidForm, said, (value) => run.stopSwitch.turn('resume', value)),
    'Let a stopped run go on: {"who","reason"}. Who stands in the plan.',
  );
  onOtherSignals(
    (name, message) =>
      void run.refusals.add(name.slice(0, lengthsMax.gate), 'signal', nameIn(message), 'There is no such signal. See docs/reference/messages.md.'),
  );
  setHandler(statusQuery, () => within(statusBytesMax, statusOf(run, facts, outcome())), {
    description: 'Where the run is: phase, question, clock, steps, changes.',
  });
  setHandler(planQuery, () => run.planSnapshot, { description: 'The plan that the run works on.' });
  setHandler(reportQuery, report, { description: 'The report as it stands.' });
}

function listenForVotes(run: Run): void {
  const cast = (vote: Vote) => void run.desk.cast(vote, 'signal');
  onSignal(
    voteSignal,
    (message) => take(run, 'vote', voteForm, message, cast),
    'Vote on the open question: {"gate","choice","who","reason"}. See the details of the run for a vote to copy.',
  );
  onSignal(
    approveSignal,
    (message) => take(run, 'approve', shortVoteForm, message, (value) => cast({ ...value, choice: 'approve' })),
    'Approve the open question: {"gate","who","reason"}.',
  );
  onSignal(
    rejectSignal,
    (message) => take(run, 'reject', shortVoteForm, message, (value) => cast({ ...value, choice: 'reject' })),
    'Reject the open question: {"gate","who","reason"}.',
  );
}

/** A signal has no answer: what cannot be read is refused on the record. */
function take<T>(run: Run, name: string, form: MessageForm<T>, message: unknown, then: (value: T) => void): void {
  const read = readMessage(form, message);
  if (read.ok) then(read.value);
  else run.refusals.add(name, 'signal', nameIn(message), read.why);
}

/**
 * So many refused updates are let into the history and onto the record. All later ones are answered as well, and leave no trace: else whoever sends two thousand of them takes from
 * people the updates that the server grants to a run.
 */
const refusedUpdatesMax = 40;

function listenForVoteUpdates(run: Run): void {
  let refusedSoFar = 0;
  setHandler(
    voteUpdate,
    (message) => {
      const receipt = run.desk.cast(voteOf(readMessage(voteForm, message)), 'update');
      if (receipt.counted) return receipt;
      // The refusal is kept in the history and on the record; it answers the caller as a failed update.
      refusedSoFar += 1;
      throw refused(receipt.note);
    },
    {
      description: 'Vote and get an answer: {"gate","choice","who","reason"}.',
      // What it rejects never reaches the history: what is no vote at all, and refusals beyond the first ones.
      validator: (message) => {
        const vote = voteOf(readMessage(voteForm, message));
        const why = refusedSoFar < refusedUpdatesMax ? null : run.desk.refusalOf(vote);
        if (why !== null) throw refused(why);
      },
    },
  );
}

function voteOf(read: Reading<Vote>): Vote {
  if (read.ok) return read.value;
  throw refused(sentencesOf({ happened: `This is no vote. ${read.why}`, leftAs: 'Nothing was counted.', next: "Copy the vote from the run's details." }));
}

/** A "no" to a person and no fault: without the stack, which Temporal UI would show below the sentence. */
function refused(sentence: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(sentence, 'refused');
  failure.stack = '';
  return failure;
}
