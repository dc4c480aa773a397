/** The step that makes trees current: what a cold start has unpacked of application and session data. */
import type { Change } from '../../activities/context.ts';
import { trees } from '../../plan/rules/snapshots.ts';
import type { Course } from '../engine/course.ts';
import type { LeftOut } from '../engine/left-out.ts';
import type { Alteration } from '../engine/step-body.ts';
import { type ColdStartFacts, whyNotRestored } from '../estate/restored.ts';
import { discardOwn, snapshotOrder } from './restoring.ts';

/**
 * Step: what was unpacked is made current, each tree once its settings are tested, before anything is started on it. One that fails keeps no other back; its link is then what it was.
 * Skipped, what is not current by then is discarded.
 */
export function configure(run: Course, facts: ColdStartFacts): Alteration<readonly Change[]> | LeftOut {
  const site = run.places.target;
  const reasons = trees.map((tree) => whyNotRestored(run, facts, tree));
  const chosen = trees.filter((_tree, index) => reasons[index] === null);
  if (chosen.length === 0) return { leftOut: reasons.find((why) => why !== null) ?? 'there is no tree' };
  return {
    changes: true,
    would: `make current at ${site} what was unpacked of the ${chosen.join(' and the ')}, once its settings are tested`,
    predicted: [],
    otherwise: [],
    act: async ({ change }) => {
      const made: Change[] = [];
      const failures: unknown[] = [];
      for (const store of chosen.filter((tree) => facts.restoredSnapshots.has(tree))) {
        try {
          made.push(await change.switchRestored({ run: run.context(), site, store }));
          facts.current.add(store);
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
      return made;
    },
    found: () => ([...facts.current].map((tree) => `the ${tree} of ${facts.chosen?.snapshots.get(tree)?.set}`).join(' and ') || 'nothing') + ' made current',
    undo: {
      would: `put back what was current at ${site} before`,
      act: async (tools) => {
        for (const tree of chosen.toReversed()) await discardOwn(run, tools, snapshotOrder(run, facts, tree));
        return [];
      },
    },
  };
}
