/** What people and services may say to a run, and ask it: signals, updates, queries. Whatever is said, none of it breaks the run: what cannot be taken is refused on the record. */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { beginning } from '../../plan/rules/cut.ts';
import { sentencesOf } from '../../plan/rules/sentences.ts';
import type { Report } from '../../report/report.ts';
import { statusBytesMax, within } from '../wire/bounds.ts';
import { lengthsMax, type MessageForm, nameIn, readMessage, type Reading, saidForm, shortVoteForm, voteForm } from '../wire/message-forms.ts';
import {
  approveSignal,
  planQuery,
  rejectSignal,
  reportQuery,
  resumeSignal,
  statusQuery,
  stopSignal,
  type Vote,
  type RunStatus,
  voteSignal,
  voteUpdate,
} from '../wire/messages.ts';
import type { Course } from './course.ts';
import { listenForSignals, type SignalForm } from './signals.ts';

/** Handlers are registered before the first await, so that nothing said to the run is lost. */
export function listen(run: Course, { status, report }: { readonly status: () => RunStatus; readonly report: () => Report }): void {
  listenForSignals(signalsOf(run), (name, message) =>
    run.refusals.add(beginning(name, lengthsMax.gate), 'signal', nameIn(message), 'There is no such signal. See docs/reference/messages.md.'),
  );
  listenForVoteUpdates(run);
  setHandler(statusQuery, () => within(statusBytesMax, status()), {
    description: 'Where the run is: phase, question, clock, steps, changes.',
  });
  setHandler(planQuery, () => run.planSnapshot, { description: 'The plan that the run works on.' });
  setHandler(reportQuery, report, { description: 'The report as it stands.' });
}

function signalsOf(run: Course): readonly SignalForm[] {
  const cast = (vote: Vote) => void run.desk.cast(vote, 'signal');
  return [
    {
      name: voteSignal.name,
      take: (message) => take(run, 'vote', voteForm, message, cast),
      description: 'Vote on the open question: {"gate","choice","who","reason"}. See the details of the run for a vote to copy.',
    },
    {
      name: approveSignal.name,
      take: (message) => take(run, 'approve', shortVoteForm, message, (value) => cast({ ...value, choice: 'approve' })),
      description: 'Approve the open question: {"gate","who","reason"}.',
    },
    {
      name: rejectSignal.name,
      take: (message) => take(run, 'reject', shortVoteForm, message, (value) => cast({ ...value, choice: 'reject' })),
      description: 'Reject the open question: {"gate","who","reason"}.',
    },
    {
      name: stopSignal.name,
      take: (message) => take(run, 'stop', saidForm, message, (value) => run.stopSwitch.turn('stop', value)),
      description: 'Hold the run before its next change: {"who","reason"}. Who stands in the plan.',
    },
    {
      name: resumeSignal.name,
      take: (message) => take(run, 'resume', saidForm, message, (value) => run.stopSwitch.turn('resume', value)),
      description: 'Let a stopped run go on: {"who","reason"}. Who stands in the plan.',
    },
  ];
}

/** A signal has no answer: what cannot be read is refused on the record. */
function take<T>(run: Course, name: string, form: MessageForm<T>, message: unknown, then: (value: T) => void): void {
  const read = readMessage(form, message);
  if (read.ok) then(read.value);
  else run.refusals.add(name, 'signal', nameIn(message), read.why);
}

/**
 * So many refused updates are let into the history and onto the record. All later ones are answered as well, and leave no trace: else whoever sends two thousand of them takes from
 * people the updates that the server grants to a run.
 */
const refusedUpdatesMax = 40;
/** So many updates of one person are counted. Each stands in the history, and a server lets in 2,000 in all: whoever names a voter must not take them from the others. */
const countedUpdatesMax = 40;

function listenForVoteUpdates(run: Course): void {
  let refusedSoFar = 0;
  const counted = new Map<string, number>();
  setHandler(
    voteUpdate,
    (message) => {
      const receipt = run.desk.cast(voteOf(readMessage(voteForm, message)), 'update');
      if (receipt.counted) {
        // Whose vote counts is one of the electorate, so there are few.
        counted.set(message.who, (counted.get(message.who) ?? 0) + 1);
        return receipt;
      }
      // The refusal is kept in the history and on the record; it answers the caller as a failed update.
      refusedSoFar += 1;
      throw refused(receipt.note);
    },
    {
      description: 'Vote and get an answer: {"gate","choice","who","reason"}.',
      // What it rejects never reaches the history: what is no vote at all, and refusals beyond the first ones.
      validator: (message) => {
        const vote = voteOf(readMessage(voteForm, message));
        if ((counted.get(vote.who) ?? 0) >= countedUpdatesMax)
          throw refused(
            `${vote.who} has voted ${countedUpdatesMax} times with an answer in this run. The last of these votes stands. Change it by the signal "vote".`,
          );
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
