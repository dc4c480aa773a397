/** The guards of application and session data in a cold start, and of what the estate check tells of them, for `removals.ts`. */
import type { Removal } from './removal.ts';

const procedure = 'test/workflows/procedures/cold-start-trees.test.ts';
const driver = 'test/site-restore/stores-driver.test.ts';
const steps = 'workflows/steps/trees.ts';

export const treeRestoreRemovals: readonly Removal[] = [
  {
    guard: 'Cold start: application and session data are made current before the service starts on them',
    file: 'workflows/procedures/cold-start.ts',
    edits: [{ find: '    await run.together({ configure: configure(run, facts) });\n', replace: '' }],
    test: { file: procedure, title: 'are restored beside the database, made current before the service starts' },
  },
  {
    guard: 'Cold start: a tree whose settings fail keeps no other back',
    file: steps,
    edits: [{ find: 'failures.push(error);', replace: 'throw error;' }],
    test: { file: procedure, title: 'one whose settings fail keeps no other back' },
  },
  {
    guard: 'Cold start: a tree that was not made current is discarded before the service starts',
    file: 'workflows/steps/restoring.ts',
    edits: [{ find: 'isTree(store) ? facts.current.has(store) : restoredSnapshots.has(store)', replace: 'restoredSnapshots.has(store)' }],
    test: { file: procedure, title: 'one whose settings fail keeps no other back' },
  },
  {
    guard: 'Cold start: the report says which tree was not restored',
    file: 'workflows/steps/closing.ts',
    edits: [{ find: 'isTree(store) && !facts.current.has(store)', replace: 'isTree(store) && facts.chosen === null' }],
    test: { file: procedure, title: 'can be left out, and what the site has is used' },
  },
  {
    guard: 'Tree: versions that a host takes from elsewhere than the plan says are none',
    file: 'activities/restore/activities.ts',
    edits: [{ find: 'if (from !== planned) return', replace: 'if (planned === null) return' }],
    test: { file: driver, title: 'takes from elsewhere than the plan says are none' },
  },
  {
    guard: 'Tree: what people accepted is discarded by nobody any more',
    file: 'site-agent/restore/88-tree-switch.sh',
    edits: [{ find: '[ "$stage" != accepted ] || refuse', replace: 'true || refuse' }],
    test: { file: driver, title: 'one acceptance holds for all' },
  },
  {
    guard: 'Tree: what the run of an accepted database has made current is accepted with it',
    file: 'site-agent/restore/70-verdict.sh',
    edits: [{ find: '  accept_trees "$(noted run)"\n', replace: '' }],
    test: { file: driver, title: 'one acceptance holds for all' },
  },
  {
    guard: 'Estate check: it is tried of each store whether anything can be restored, not of the database alone',
    file: 'activities/access/restore.ts',
    edits: [{ find: 'const others = snapshotStores(plan).map(', replace: 'const others = snapshotStores(plan).slice(0, 0).map(' }],
    test: { file: driver, title: 'the estate check tells of each store' },
  },
  {
    guard: 'Estate check: a store of which nothing is usable lacks something',
    file: 'activities/access/restore.ts',
    edits: [
      {
        find: '    const newest = usable.at(-1);\n',
        replace: "    const newest = usable.at(-1) ?? { set: 'none', at: '' };\n",
      },
    ],
    test: { file: driver, title: 'the estate check tells of each store' },
  },
];
