/** The guards of what driver, estate check and acceptance make of application and session data, for `removals.ts`. */
import type { Removal } from './removal.ts';

const driver = 'test/site-restore/stores-driver.test.ts';

export const treeRestoreRemovals: readonly Removal[] = [
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
