/** Which activities change something. The one list: retry policies, the history of a broken run and the tests go by it. */
import type { Activities } from '../activities/index.ts';

const changeNames = [
  'claimEpoch',
  'claimZone',
  'fenceByAgent',
  'fenceDatabaseByReplication',
  'fenceCacheByReplication',
  'unfenceByAgent',
  'reattach',
  'applyDatabase',
  'followDatabase',
  'followCache',
  'setCapacity',
  'promoteDatabase',
  'promoteCache',
  'protectDatabase',
  'startService',
  'throwSwitch',
  'changeRecord',
  'updateMonitoring',
  'notifyStakeholders',
  'storeReport',
] as const satisfies readonly (keyof Activities)[];

export type ChangeName = (typeof changeNames)[number];

/** Whether an activity of this name changes something. */
export function isChange(activity: string): activity is ChangeName {
  return (changeNames as readonly string[]).includes(activity);
}
