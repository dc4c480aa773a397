/** Goal: why a run is over, and what it changed, is said by what stands in its history, and no more. Method: events as the server writes them. */
import { defaultPayloadConverter } from '@temporalio/common';
import { expect, it } from 'vitest';
import { changesInHistory, closeReason } from '../../client/history.ts';

type Events = NonNullable<Parameters<typeof closeReason>[0]['events']>;
const reasonOf = (...events: Events) => closeReason({ events });

it('the server itself ends a run whose history is too large, and nobody is blamed for it', () => {
  const reason = 'Workflow history size exceeds limit.';
  expect(reasonOf({ workflowExecutionTerminatedEventAttributes: { identity: 'history-service', reason } })).toBe(`terminated by the server itself: ${reason}`);
});

it('who terminated a run is named, with the reason or without', () => {
  const by = (reason: string) => reasonOf({ workflowExecutionTerminatedEventAttributes: { identity: 'temporal-cli:jane@ops', reason } });
  expect(by('wrong site')).toBe('terminated by temporal-cli:jane@ops: wrong site');
  expect(by('')).toBe('terminated by temporal-cli:jane@ops, without a reason');
  expect(reasonOf({ workflowExecutionTerminatedEventAttributes: {} })).toBe('terminated by somebody who gave no name, without a reason');
});

it('who cancelled a run is named, be it a person or a workflow', () => {
  const cancelled = { workflowExecutionCanceledEventAttributes: {} };
  expect(reasonOf({ workflowExecutionCancelRequestedEventAttributes: { identity: 'jane@ops', cause: 'a drill' } }, cancelled)).toBe(
    'cancelled by jane@ops: a drill',
  );
  const parent = { externalWorkflowExecution: { workflowId: 'recovery/estate' }, identity: 'history-service' };
  expect(reasonOf({ workflowExecutionCancelRequestedEventAttributes: parent }, cancelled)).toBe('cancelled by the workflow recovery/estate');
});

it('a run whose time was over was ended by the server', () => {
  expect(reasonOf({ workflowExecutionTimedOutEventAttributes: {} })).toBe('the server ended it: its time was over');
  expect(reasonOf({ workflowExecutionStartedEventAttributes: {} })).toBeNull();
});

it.each([
  [
    'claimZone',
    { reachable: false, reason: 'the API of the zone gave no answer within 2 s.' },
    'unanswered',
    'the DNS zone gave no answer: the API of the zone gave no answer within 2 s. Whether it stored the epoch is not known.',
  ],
  ['claimZone', { reachable: true, epoch: 4, holder: 'recovery/shop@1' }, 'done', 'the DNS zone holds epoch 4 of recovery/shop@1'],
  [
    'claimWitness',
    { witness: 'north', reachable: false, reason: 'connect ETIMEDOUT' },
    'unanswered',
    'the witness north gave no answer: connect ETIMEDOUT. Whether it stored the epoch is not known.',
  ],
  ['claimWitness', { witness: 'north', reachable: true, epoch: 4, holder: 'recovery/shop@1' }, 'done', 'the witness north holds epoch 4 of recovery/shop@1'],
])('%s that answered %j is %s', (activity, answer, result, detail) => {
  const payloads = (value: unknown) => ({ payloads: [defaultPayloadConverter.toPayload(value)] });
  const events: Events = [
    { eventId: 5, activityTaskScheduledEventAttributes: { activityType: { name: activity }, input: payloads({ run: {} }) } },
    { eventId: 7, activityTaskCompletedEventAttributes: { scheduledEventId: 5, result: payloads(answer) } },
  ] as unknown as Events;
  expect(changesInHistory({ events })).toMatchObject([{ activity, site: null, result, detail }]);
});
