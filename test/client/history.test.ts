/** Goal: why a run is over is said by what stands in its history, and no more. Method: events as the server writes them. */
import { expect, it } from 'vitest';
import { closeReason } from '../../client/history.ts';

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
