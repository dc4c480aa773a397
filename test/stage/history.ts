/** What a history tells of steps: which activities worked for which, in which order. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

type Event = temporal.api.history.v1.IHistoryEvent;

export interface ScheduledActivity {
  readonly id: string;
  readonly activity: string;
  /** Name of its step. */
  readonly step: string;
}

/** Events that the last activities of a run lie within: steps side by side schedule a handful at a time. */
const recentEvents = 60;

/** The name of the step for which an activity works; undefined when it is none of the latest. */
export async function stepOfActivity(client: Client, execution: { workflowId: string; runId: string }, activityId: string): Promise<string | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution,
    maximumPageSize: recentEvents,
  });
  return (history?.events ?? []).flatMap(scheduled).find(({ id }) => id === activityId)?.step;
}

/** All activities of an execution in the order in which they were scheduled. */
export async function scheduledActivities(handle: WorkflowHandle): Promise<ScheduledActivity[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(scheduled);
}

function scheduled(event: Event): ScheduledActivity[] {
  const attributes = event.activityTaskScheduledEventAttributes;
  if (!attributes) return [];
  const summary = event.userMetadata?.summary;
  const step = summary ? defaultPayloadConverter.fromPayload<string>(summary) : '';
  return [{ id: attributes.activityId ?? '', activity: attributes.activityType?.name ?? '', step }];
}
