/** Which activities change something, as their ports say. Retry policies, the stop switch, the history of a broken run and admission go by it. */
import { cacheChanges } from '../../activities/cache/port.ts';
import { communicationChanges } from '../../activities/communication/port.ts';
import { databaseChanges } from '../../activities/database/port.ts';
import { dnsChanges } from '../../activities/dns/port.ts';
import { fencingChanges } from '../../activities/fencing/port.ts';
import { hostsChanges } from '../../activities/hosts/port.ts';
import { infrastructureChanges } from '../../activities/infrastructure/port.ts';
import { jobsChanges } from '../../activities/jobs/port.ts';
import { monitoringChanges } from '../../activities/monitoring/port.ts';
import { reportingChanges } from '../../activities/reporting/port.ts';
import { restoreChanges } from '../../activities/restore/port.ts';
import { servicesChanges } from '../../activities/services/port.ts';
import { stackChanges } from '../../activities/stack/port.ts';
import { witnessChanges } from '../../activities/witness/port.ts';
import type { ReachOf } from '../../activities/context.ts';
import type { Changes } from '../../activities/index.ts';

const reach = {
  ...hostsChanges,
  ...servicesChanges,
  ...infrastructureChanges,
  ...jobsChanges,
  ...restoreChanges,
  ...stackChanges,
  ...databaseChanges,
  ...cacheChanges,
  ...fencingChanges,
  ...dnsChanges,
  ...witnessChanges,
  ...monitoringChanges,
  ...communicationChanges,
  ...reportingChanges,
} as const satisfies ReachOf<Changes>;

export type ChangeName = keyof Changes;

export const changeNames = Object.keys(reach) as readonly ChangeName[];

export function changeReach(activity: ChangeName): ReachOf<Changes>[ChangeName] {
  return reach[activity];
}

/** Whether an activity of this name changes something. */
export function isChange(activity: string): activity is ChangeName {
  return Object.hasOwn(reach, activity);
}
