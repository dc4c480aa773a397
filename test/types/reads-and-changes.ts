/** Goal: what changes something cannot be asked for where only looks are due. Method: each marked line must not compile; `npm run typecheck` fails when one does. */
import type { Change, ReachOf } from '../../activities/context.ts';
import type { Changes, Reads } from '../../activities/index.ts';
import type { CacheChanges } from '../../activities/cache/port.ts';
import type { Alteration, Look } from '../../workflows/engine/step-body.ts';

const run = { runId: '', execution: '', planDigest: '', epoch: 0 };

// @ts-expect-error A change that its port's list lacks.
export const unlisted: ReachOf<CacheChanges> = { followCache: 'estate' };

export const lookThatChanges: Look<Change> = {
  // @ts-expect-error A step that only looks is given no changes.
  act: ({ change }) => change.promoteDatabase({ run, site: 'east' }),
  found: () => '',
};

export const alteration: Alteration<Change> = {
  changes: true,
  would: '',
  predicted: {} as Change,
  act: ({ change }) => change.promoteDatabase({ run, site: 'east' }),
  found: () => '',
};

/** Activities among the reads that answer as a change does. */
type Disguised = { [Name in keyof Reads]: Awaited<ReturnType<Reads[Name]>> extends Change ? Name : never }[keyof Reads];
export const noChangeAmongReads: [Disguised] extends [never] ? true : Disguised = true;
// @ts-expect-error No read is also a change.
export const both: keyof Reads & keyof Changes = 'readCache';
