/** What the monitoring is told, as a CloudEvent. */
import { CloudEvent } from 'cloudevents';
import type { SiteId } from '../../plan/schema.ts';
import { eventTypes, sourceOf } from '../../report/events.ts';
import type { RunContext } from '../context.ts';

export interface ServiceMoved {
  readonly status: 'failover_active';
  readonly from: SiteId;
  readonly to: SiteId;
  /** Workflow id of the run. */
  readonly run: string;
}

/** Every attempt of a run makes the same id, so that a receiver that has the event already can tell; `time` is that of the attempt. */
export function serviceMoved(estate: string, run: RunContext, data: ServiceMoved, at: Date): CloudEvent<ServiceMoved> {
  return new CloudEvent({
    id: `${run.execution}/epoch-${run.epoch}/service-moved-to-${data.to}`,
    source: sourceOf(estate, run.runId),
    type: eventTypes.serviceMoved.type,
    subject: data.to,
    time: at.toISOString(),
    datacontenttype: 'application/json',
    data,
  });
}
