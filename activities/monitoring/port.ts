/** The monitoring system is told where the service runs. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, RunContext } from '../context.ts';

export interface MonitoringActivities {
  /** Posts a CloudEvent in structured mode with the data `{ status: "failover_active", from, to, run }`, and reads the data back where the API gives it. */
  updateMonitoring(input: { readonly run: RunContext; readonly from: SiteId; readonly to: SiteId }): Promise<Change>;
}
