/** The guards of the step that fences, for `removals.ts`. */
import type { Removal } from './removal.ts';

export const fenceRemovals: readonly Removal[] = [
  {
    guard: 'Fence: how long people held it before the next fence costs the step nothing',
    file: 'workflows/steps/fencing.ts',
    edits: [{ find: "await hold(() => run.hold('before the next fence'));", replace: "await run.hold('before the next fence');" }],
    test: { file: 'test/workflows/procedures/guards.test.ts', title: 'has all of its bound left for the next fence, however long people held it before that' },
  },
];
