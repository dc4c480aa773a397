/** The guards between the decision and the opening of a cold start, and of the step that fences, for `removals.ts`. */
import type { Removal } from './removal.ts';

const between = 'test/workflows/procedures/cold-start-guards.test.ts';

export const fenceRemovals: readonly Removal[] = [
  {
    guard: 'Fence: how long people held it before the next fence costs the step nothing',
    file: 'workflows/steps/fencing.ts',
    edits: [{ find: "await hold(() => run.hold('before the next fence'));", replace: "await run.hold('before the next fence');" }],
    test: { file: 'test/workflows/procedures/guards.test.ts', title: 'has all of its bound left for the next fence, however long people held it before that' },
  },
  {
    guard: 'Cold start: a site that is back after the decision is not fenced, and ends the run',
    file: 'workflows/procedures/cold-start.ts',
    edits: [{ find: '    mustBeFailed(run, facts, { holdSeconds: 0 });\n', replace: '' }],
    test: { file: between, title: 'stands down when a site is back right after people have decided' },
  },
  {
    guard: 'Cold start: nobody is let in to what is not proven',
    file: 'workflows/steps/restoring.ts',
    edits: [{ find: "if (restored.by !== run.start.execution || restored.stage !== 'proven') throw notProven(restored);\n", replace: '' }],
    test: { file: between, title: 'lets nobody in where what stands there after the restore is not proven' },
  },
  {
    guard: 'Cold start: people are told of a site that answers again before they accept',
    file: 'workflows/questions/acceptance.ts',
    edits: [{ find: "filter(({ vantages }) => judgeFailure(vantages, 0).verdict !== 'failed')", replace: 'filter(() => false)' }],
    test: { file: 'test/workflows/procedures/cold-start.test.ts', title: 'says at the acceptance gate which site answers again meanwhile' },
  },
];
