/** Guards of who holds the epoch. */
import type { Removal } from './removal.ts';

export const holderRemovals: readonly Removal[] = [
  {
    guard: 'Epoch: a majority of all holders stores it before anything is fenced, or people accept fewer',
    file: 'workflows/steps/claiming.ts',
    edits: [{ find: 'return storedAt.length >= needed;', replace: 'return storedAt.length >= 0;' }],
    test: { file: 'test/workflows/procedures/guards.test.ts', title: 'fences nothing before a majority of all who hold an epoch has its own' },
  },
  {
    guard: 'Epoch: any two majorities share a holder, so that no two runs change an estate unknown to each other',
    file: 'plan/rules/holders.ts',
    edits: [{ find: 'Math.floor(holders / 2) + 1', replace: 'Math.floor(holders / 2)' }],
    test: { file: 'test/plan/rules/holders.test.ts', title: 'no two runs both change the estate without knowing' },
  },
  {
    guard: 'Epoch: what cannot be taken back asks the failed site and the zone as well',
    file: 'activities/holders.ts',
    edits: [
      {
        find: 'const holders = holdersOf(plan);',
        replace: "const holders = holdersOf(plan).filter(({ kind, called }) => kind === 'site' && called !== run.from);",
      },
    ],
    test: { file: 'test/activities/holders.test.ts', title: 'a newer run at the zone is enough to refuse this one' },
  },
  {
    guard: 'Witness: it is written only if it is still what was read',
    file: 'activities/witness/s3.ts',
    edits: [{ find: "ContentType: 'text/plain', ...still", replace: "ContentType: 'text/plain'" }],
    test: { file: 'test/activities/aws/witness.test.ts', title: 'what was written since it was read is not written over' },
  },
  {
    guard: 'Epoch: a site that a newer run has taken ends this one, also beside a majority',
    file: 'workflows/steps/claiming.ts',
    edits: [{ find: 'if (end !== undefined) throw end;', replace: '' }],
    test: { file: 'test/workflows/engine/evidence.test.ts', title: 'a newer run that has taken one of the sites ends this one, also beside a majority' },
  },
];
