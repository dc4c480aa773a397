/** A run as CloudEvents 1.0, derived from its report and nothing else. */
import { CloudEvent } from 'cloudevents';
import { type EventName, eventTypes, sourceOf } from '../events.ts';
import { forEvents } from '../media/events.ts';
import type { GateRecord, Report, StepRecord, VoteRecord } from '../report.ts';

/** What happened at one moment of the run. */
interface Happening {
  readonly name: EventName;
  /** Unique in the run, and the same whenever the report is exported again. */
  readonly id: string;
  readonly subject?: string;
  readonly time: string;
  readonly data: object;
}

/** The events as a JSON batch (`application/cloudevents-batch+json`), in the order of their times. Throws when one is no valid event. */
export function renderCloudEvents(report: Report): string {
  return `${JSON.stringify(eventsOf(report), null, 2)}\n`;
}

/**
 * Every event of a run so far. An id is made from the run's start and from what happened, so that a later export repeats the ids of an earlier one; a record that changed since
 * (a vote that became void, a failed step that people skipped) is another event.
 */
export function eventsOf(recorded: Report): readonly CloudEvent<object>[] {
  const report = forEvents(recorded);
  const happenings = [started(report), ...report.gates.flatMap(atGate), ...report.steps.flatMap(endedStep), ...(report.open ? [] : [finished(report)])];
  const source = sourceOf(report.estate, report.runId);
  return happenings
    .toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time))
    .map(
      ({ name, id, subject, time, data }) =>
        new CloudEvent<object>({
          id: `${report.startedAt}/${id}`,
          source,
          type: eventTypes[name].type,
          ...(subject === undefined ? {} : { subject }),
          time,
          datacontenttype: 'application/json',
          data,
        }),
    );
}

function started({ procedure, mode, places, startedBy, plan, startedAt }: Report): Happening {
  return { name: 'runStarted', id: 'started', time: startedAt, data: { procedure, mode, places, startedBy, plan } };
}

/** A gate of a dry run was not opened. */
function atGate(record: GateRecord): readonly Happening[] {
  const { gate, question, openedAt, closedAt, decision, answer, quorum, electorate, identity, votes } = record;
  if (decision === 'not asked') return [];
  const opened: Happening = { name: 'gateOpened', id: `gate/${gate}/opened`, subject: gate, time: openedAt, data: { question, quorum, electorate, identity } };
  const data = { question, decision, ...(answer ? { answer } : {}) };
  const closed: readonly Happening[] = closedAt === undefined ? [] : [{ name: 'gateDecided', id: `gate/${gate}/decided`, subject: gate, time: closedAt, data }];
  return [opened, ...votes.map((vote, index) => cast(gate, vote, index)), ...closed];
}

const nameOfResult = { counted: 'voteCounted', refused: 'voteRefused', void: 'voteVoid' } as const satisfies Record<VoteRecord['result'], EventName>;

function cast(gate: string, { who, choice, reason, channel, note, at, result }: VoteRecord, index: number): Happening {
  return {
    name: nameOfResult[result],
    id: `gate/${gate}/vote/${index + 1}/${result}`,
    subject: gate,
    time: at,
    data: { who, choice, reason, channel, note },
  };
}

function endedStep(step: StepRecord, index: number, steps: readonly StepRecord[]): readonly Happening[] {
  const { id, name, result, critical, evidence, durationSeconds, waitedForPeopleSeconds, endedAt } = step;
  if (endedAt === undefined) return [];
  const turn = steps.slice(0, index + 1).filter((earlier) => earlier.id === id).length;
  return [
    {
      name: 'stepEnded',
      id: `step/${id}/${turn}/${result.replace(' ', '-')}`,
      subject: id,
      time: endedAt,
      data: { name, result, critical, evidence, durationSeconds, waitedForPeopleSeconds },
    },
  ];
}

function finished({ outcome, summary, loss, clock, exceptions, leftovers, endedAt }: Report): Happening {
  return { name: 'runEnded', id: 'ended', time: endedAt, data: { outcome, summary, loss, clock, exceptions, leftovers } };
}
