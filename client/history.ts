/** What a run changed, read from its history: the answer when the run itself can no longer be asked. */
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Change } from '../activities/context.ts';
import type { ZoneEpoch } from '../activities/dns/port.ts';
import type { Fence, Unfencing } from '../activities/fencing/port.ts';
import type { WitnessState } from '../activities/witness/port.ts';
import { isChange } from '../workflows/wire/changes.ts';

/** One mutating call of a run. */
export interface HistoricChange {
  /** Activity, such as `promoteDatabase`. */
  readonly activity: string;
  readonly site: string | null;
  /** `done`: it answered with a change; `nothing changed`: the wanted state was there already; `failed`: it answered with an error; `unanswered`: it was sent, or whom it asked gave no answer, and nobody knows whether it took effect. */
  readonly result: 'done' | 'nothing changed' | 'failed' | 'unanswered';
  /** State before and after, the proof, or the error. */
  readonly detail: string;
  /** When the answer came, or for an unanswered call when it was sent; RFC 3339. */
  readonly at: string;
}

type HistoryEvent = NonNullable<History['events']>[number];

/** Every mutating call in the order in which it was sent, with what became of it. */
export function changesInHistory(history: History): readonly HistoricChange[] {
  const events = history.events ?? [];
  const answers = answersByScheduledId(events);
  return events.flatMap((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const activity = scheduled?.activityType?.name ?? '';
    if (!scheduled || !isChange(activity)) return [];
    const site = siteOf(decode(scheduled.input?.payloads?.[0]));
    return [{ activity, site, ...resultOf(answers.get(String(event.eventId)), event) }];
  });
}

/** Who ended a run that was terminated, cancelled or failed, and why, by what stands in its history; null for a run that is open. */
export function closeReason(history: History): string | null {
  for (const event of (history.events ?? []).toReversed()) {
    const terminated = event.workflowExecutionTerminatedEventAttributes;
    if (terminated) return terminatedBy(terminated.identity, terminated.reason);
    const failed = event.workflowExecutionFailedEventAttributes;
    if (failed) return deepestMessage(failed.failure);
    if (event.workflowExecutionCanceledEventAttributes) return cancelledBy(history);
    if (event.workflowExecutionTimedOutEventAttributes) return 'the server ended it: its time was over';
  }
  return null;
}

/** With this name the server itself ends a run, such as one whose history has grown too large. */
const server = 'history-service';

function terminatedBy(who: string | null | undefined, reason: string | null | undefined): string {
  if (who === server) return `terminated by the server itself: ${reason || 'it gave no reason'}`;
  return `terminated by ${who || 'somebody who gave no name'}${reason ? `: ${reason}` : ', without a reason'}`;
}

function cancelledBy({ events }: History): string {
  const asked = events?.findLast((event) => event.workflowExecutionCancelRequestedEventAttributes)?.workflowExecutionCancelRequestedEventAttributes;
  const parent = asked?.externalWorkflowExecution?.workflowId;
  const who = parent ? `the workflow ${parent}` : asked?.identity || 'somebody who gave no name';
  return `cancelled by ${who}${asked?.cause ? `: ${asked.cause}` : ''}`;
}

function answersByScheduledId(events: readonly HistoryEvent[]): Map<string, HistoryEvent> {
  const answers = new Map<string, HistoryEvent>();
  for (const event of events) {
    const scheduledId =
      event.activityTaskCompletedEventAttributes?.scheduledEventId ??
      event.activityTaskFailedEventAttributes?.scheduledEventId ??
      event.activityTaskTimedOutEventAttributes?.scheduledEventId ??
      event.activityTaskCanceledEventAttributes?.scheduledEventId;
    if (scheduledId !== undefined && scheduledId !== null) answers.set(String(scheduledId), event);
  }
  return answers;
}

function resultOf(answer: HistoryEvent | undefined, scheduled: HistoryEvent): Omit<HistoricChange, 'activity' | 'site'> {
  if (!answer)
    return { result: 'unanswered', detail: 'It was sent; whether it took effect is not on record. Look at the thing itself.', at: timeOf(scheduled) };
  const at = timeOf(answer);
  const failed = answer.activityTaskFailedEventAttributes;
  if (failed) return { result: 'failed', detail: deepestMessage(failed.failure), at };
  if (!answer.activityTaskCompletedEventAttributes)
    return { result: 'unanswered', detail: 'It ran out of time or was cancelled. Look at the thing itself.', at };
  return { ...describeAnswer(decode(answer.activityTaskCompletedEventAttributes.result?.payloads?.[0])), at };
}

function describeAnswer(value: unknown): { result: HistoricChange['result']; detail: string } {
  if (isChangeAnswer(value)) {
    return value.changed ? { result: 'done', detail: `${value.before} → ${value.after}` } : { result: 'nothing changed', detail: value.after };
  }
  if (isFence(value)) return { result: 'done', detail: `${value.proven ? 'proven' : 'not proven'}: ${value.proof}` };
  if (isUnfencing(value)) return { result: 'done', detail: [`taken back: ${value.done}`, ...value.notTakenBack].join('; ') };
  if (isHeldEpoch(value)) return describeHeld(value);
  return { result: 'done', detail: JSON.stringify(value) ?? '' };
}

/** Of the zone or a witness that was asked to store the run's epoch. */
type HeldEpoch = ZoneEpoch | WitnessState;

function isHeldEpoch(value: unknown): value is HeldEpoch {
  return typeof value === 'object' && value !== null && 'reachable' in value && ('reason' in value || 'epoch' in value);
}

function describeHeld(held: HeldEpoch): ReturnType<typeof describeAnswer> {
  const who = 'witness' in held ? `the witness ${held.witness}` : 'the DNS zone';
  if (held.reachable) return { result: 'done', detail: `${who} holds epoch ${held.epoch} of ${held.holder}` };
  return { result: 'unanswered', detail: `${who} gave no answer: ${held.reason.replace(/\.$/, '')}. Whether it stored the epoch is not known.` };
}

function isChangeAnswer(value: unknown): value is Change {
  return typeof value === 'object' && value !== null && 'changed' in value && 'before' in value && 'after' in value;
}

function isFence(value: unknown): value is Fence {
  return typeof value === 'object' && value !== null && 'proven' in value && 'proof' in value;
}

function isUnfencing(value: unknown): value is Unfencing {
  return typeof value === 'object' && value !== null && 'done' in value && 'notTakenBack' in value;
}

function siteOf(input: unknown): string | null {
  if (typeof input !== 'object' || input === null) return null;
  const named = input as { site?: unknown; to?: unknown; from?: unknown };
  const site = named.site ?? named.to ?? named.from;
  return typeof site === 'string' ? site : null;
}

type Payload = Parameters<typeof defaultPayloadConverter.fromPayload>[0];

function decode(payload: Payload | null | undefined): unknown {
  return payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
}

interface FailureLike {
  readonly message?: string | null;
  readonly cause?: FailureLike | null;
}

function deepestMessage(failure: FailureLike | null | undefined): string {
  let current = failure;
  while (current?.cause?.message) current = current.cause;
  return current?.message ?? 'no reason given';
}

function timeOf(event: HistoryEvent): string {
  const { seconds, nanos } = event.eventTime ?? {};
  return new Date(Number(seconds ?? 0) * 1000 + Math.floor(Number(nanos ?? 0) / 1e6)).toISOString();
}
