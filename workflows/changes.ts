/** Which activities change something. The one list: retry policies, the history of a broken run and the tests go by it. */
import type { Activities } from '../activities/index.ts';

export const changeNames = [
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

/** Changes that only tell: they reach no host, no record and no database. */
const tellings: readonly ChangeName[] = ['updateMonitoring', 'notifyStakeholders', 'storeReport'];
/** Made before a run holds an epoch: by it one is taken. */
const claim: ChangeName = 'claimEpoch';

/** What a change reaches: the `estate`, by a run that has claimed its epoch; the `epoch` itself; or the `record`, what is told and kept of a run, of a dry run too. */
export type ChangeReach = 'estate' | 'epoch' | 'record';

export function changeReach(activity: ChangeName): ChangeReach {
  if (tellings.includes(activity)) return 'record';
  return activity === claim ? 'epoch' : 'estate';
}

export type ChangeName = (typeof changeNames)[number];

/** Whether an activity of this name changes something. */
export function isChange(activity: string): activity is ChangeName {
  return (changeNames as readonly string[]).includes(activity);
}
