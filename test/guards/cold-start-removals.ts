/** The guards of the cold start, for `removals.ts`. */
import type { Removal } from './removal.ts';

const procedure = 'test/workflows/procedures/cold-start.test.ts';
const undo = 'test/workflows/procedures/cold-start-undo.test.ts';

export const coldStartRemovals: readonly Removal[] = [
  {
    guard: 'Cold start: as long as a copy of the data was not named as lost, nothing begins',
    file: 'workflows/estate/sites.ts',
    edits: [{ find: '  if (left.length > 0)\n', replace: '  if (left.length > plan.sites.length)\n' }],
    test: { file: procedure, title: 'is refused before anything is touched' },
  },
  {
    guard: 'Cold start: what was chosen is looked at once more before anything is changed',
    file: 'workflows/procedures/cold-start.ts',
    edits: [{ find: '    mustStillBeRestorable(run, facts);\n', replace: '' }],
    test: { file: procedure, title: 'stands down when what was chosen cannot be had any more' },
  },
  {
    guard: 'Cold start: a failed site is not waited for when the epoch is taken',
    file: 'workflows/steps/claiming.ts',
    edits: [{ find: '!failed.includes(agent.site)] as const', replace: 'true || failed] as const' }],
    test: { file: procedure, title: 'what failed a moment ago is not waited for' },
  },
  {
    guard: 'Cold start: of a cache that an earlier run has opened the snapshot is known',
    file: 'workflows/steps/restoring.ts',
    edits: [{ find: "if (by !== opener || stage !== 'accepted' || !inPlace) return null;", replace: 'if (by) return null;' }],
    test: { file: procedure, title: 'goes on from what an earlier run has opened, and only forward' },
  },
  {
    guard: 'Cold start: what of the cache names no row any more is told before people accept',
    file: 'workflows/questions/acceptance.ts',
    edits: [{ find: '    ...references.map(describeReference),\n', replace: '' }],
    test: { file: procedure, title: 'counts what of the cache names no row any more' },
  },
  {
    guard: 'Cold start: what customers wrote into a key is shown to those who decide only where it is a plain word',
    file: 'activities/verification/references.ts',
    edits: [{ find: 'plainName.test(name)', replace: 'name || plainName' }],
    test: { file: 'test/activities/counts.test.ts', title: 'are the keys whose row is not there, each key once' },
  },
  {
    guard: 'Cold start: people accept what was restored before it opens',
    file: 'workflows/questions/acceptance.ts',
    edits: [
      {
        find: "if (decision.kind === 'decided' && decision.choice === 'accept') {",
        replace: "if (decision.kind === 'decided') {",
      },
    ],
    test: { file: procedure, title: 'discards what was restored when people do not accept it' },
  },
  {
    guard: 'Cold start: what was restored and not accepted is discarded on the way back',
    file: 'workflows/steps/restoring.ts',
    edits: [{ find: "if (by !== run.start.execution || stage === 'none' || stage === 'discarded') return;", replace: 'if (by !== undefined) return;' }],
    test: { file: procedure, title: 'discards what was restored when people do not accept it' },
  },
  {
    guard: 'Cold start: what an ended run left behind closed doors makes room',
    file: 'workflows/steps/restoring.ts',
    edits: [{ find: '  await discardOfOthers(run, tools, store);\n', replace: '' }],
    test: { file: procedure, title: 'makes room' },
  },
  {
    guard: 'Cold start: a snapshot newer than the moment of the database is never chosen',
    file: 'plan/rules/snapshots.ts',
    edits: [{ find: '.findLast(({ at }) => utcMoment(at) <= utcMoment(moment))', replace: '.at(-1)' }],
    test: { file: procedure, title: 'restores the newest snapshot that is not after the moment' },
  },
  {
    guard: 'Cold start: the loss of a snapshot counts from the beginning of the second in which it was made',
    file: 'plan/rules/snapshots.ts',
    edits: [{ find: 'Date.parse(at) - 1_000', replace: 'Date.parse(at)' }],
    test: { file: 'test/plan/rules/snapshots.test.ts', title: 'what was written in the second before its moment may be missing in it' },
  },
  {
    guard: 'Cold start: a snapshot that cannot be restored is not offered',
    file: 'plan/rules/snapshots.ts',
    edits: [{ find: '.filter(({ unusable }) => unusable === undefined)', replace: '' }],
    test: { file: procedure, title: 'it is not offered' },
  },
  {
    guard: 'Cold start: a moment for which a store has no snapshot is no choice',
    file: 'workflows/questions/restore-point.ts',
    edits: [{ find: 'asks: moment(from) }', replace: 'asks: moment(window.from) }' }],
    test: { file: procedure, title: 'offers a moment only where each store has a snapshot for it' },
  },
  {
    guard: 'Cold start: nothing is restored over what an earlier run has opened',
    file: 'workflows/steps/restoring.ts',
    edits: [{ find: "return stage === 'opening' || stage === 'accepted';", replace: "return stage === 'opening';" }],
    test: { file: procedure, title: 'goes on from what an earlier run has opened' },
  },
  {
    guard: 'Cold start: a restore that goes on without its step is ended before what it restored is discarded',
    file: 'workflows/steps/restoring.ts',
    edits: [{ find: '  await endJob(run, tools, order);\n', replace: '' }],
    test: { file: procedure, title: 'its step is cut off on the way, and people choose undo' },
  },
  {
    guard: 'Cold start: a restore ends with the run that people end beside it',
    file: 'workflows/engine/jobs.ts',
    edits: [{ find: '.then(() => working.cancel())', replace: '.then(() => undefined)' }],
    test: { file: procedure, title: 'beside it: its job is ended, and not waited for' },
  },
  {
    guard: 'Cold start: what was restored is taken back at whatever step people end it',
    file: 'workflows/engine/undo.ts',
    edits: [{ find: 'of run.undos.splice(0).reverse()', replace: 'of run.undos.splice(0).reverse().slice(1)' }],
    test: { file: undo, title: 'taken back at' },
  },
  {
    guard: 'Run: one that cannot look at its end any more has a report all the same',
    file: 'workflows/engine/conduct.ts',
    edits: [{ find: 'await lookAtEnd(run, () => procedure.readEnd(run, facts));', replace: 'await procedure.readEnd(run, facts);' }],
    test: { file: undo, title: 'taken back at' },
  },
];
