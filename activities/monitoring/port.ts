/** The monitoring system is told where the service runs. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, ReachOf, RunContext } from '../context.ts';

export interface MonitoringChanges {
  /** Posts a CloudEvent in structured mode with the data `{ status: "failover_active", from, to, run }`, and reads the data back where the API gives it. */
  updateMonitoring(input: { readonly run: RunContext; readonly from: SiteId; readonly to: SiteId }): Promise<Change>;
}

export const monitoringChanges = { updateMonitoring: 'record' } as const satisfies ReachOf<MonitoringChanges>;

export type MonitoringActivities = MonitoringChanges;
