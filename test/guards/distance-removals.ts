/** The guards of what is kept between two questions of a run, for `removals.ts`. */
import type { Removal } from './removal.ts';

const lookouts = 'activities/lookouts.ts';
const theirTest = 'test/activities/lookouts.test.ts';

export const distanceRemovals: readonly Removal[] = [
  {
    guard: 'Lookout: a sign of life is always a new one',
    file: lookouts,
    edits: [{ find: ' && stands(answer) ? answer : now', replace: ' ? answer : now' }],
    test: { file: theirTest, title: 'a sign of life of a while ago is no answer' },
  },
  {
    guard: 'Lookout: silence is told only where it was met within the last interval',
    file: lookouts,
    edits: [{ find: 'this.steady() - newest.endedAt <= everyMilliseconds', replace: 'true' }],
    test: { file: theirTest, title: 'an answer that is older than an interval is no answer' },
  },
  {
    guard: 'Lookout: of two looks that overlap the one that began later is believed',
    file: lookouts,
    edits: [{ find: 'kept.newest.begunAt < begunAt', replace: 'true' }],
    test: { file: theirTest, title: 'of two looks that overlap the one that began later' },
  },
  {
    guard: 'Lookout: a site that answers within a moment is heard',
    file: lookouts,
    edits: [{ find: 'const answerMilliseconds = 300;', replace: 'const answerMilliseconds = 0;' }],
    test: { file: theirTest, title: 'a site that answers is heard' },
  },
  {
    guard: 'Waiting agent: one that has heard nothing has not answered',
    file: 'activities/ssh/connection.ts',
    edits: [{ find: 'result && heardNothing(result) ? ', replace: 'result === undefined ? ' }],
    test: { file: 'test/activities/ssh/ready.test.ts', title: 'or as it is told, is no answer' },
  },
  {
    guard: 'Waiting agent: it refuses in its words what it refuses anywhere',
    file: 'site-agent/parts/90-call.sh',
    edits: [{ find: '  case ${1:-} in beat | job-run) usage', replace: '  case nothing in beat | job-run) usage' }],
    test: { file: 'test/site-agent/environment.test.ts', title: 'refuses in them what it refuses anywhere' },
  },
];
