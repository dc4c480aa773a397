/** The guards of what is kept between two questions of a run, for `removals.ts`. */
import type { Removal } from './removal.ts';

const lookouts = 'activities/lookouts.ts';
const theirTest = 'test/activities/lookouts.test.ts';

export const distanceRemovals: readonly Removal[] = [
  {
    guard: 'Lookout: a sign of life is always a new one',
    file: lookouts,
    edits: [{ find: 'held || !lookout.stands(answer) ? now', replace: 'held ? now' }],
    test: { file: theirTest, title: 'a sign of life of a while ago is no answer' },
  },
  {
    guard: 'Lookout: silence is told only where it was met within the last interval',
    file: lookouts,
    edits: [{ find: ' || since(newest.ended) > ageOf(lookout)', replace: '' }],
    test: { file: theirTest, title: 'an answer that is older than an interval is no answer' },
  },
  {
    guard: 'Lookout: of two looks that overlap the one that began later is believed',
    file: lookouts,
    edits: [{ find: 'kept.newest.begun.steady < begun.steady', replace: 'true' }],
    test: { file: theirTest, title: 'of two looks that overlap the one that began later' },
  },
  {
    guard: 'Lookout: a site that answers within a moment is heard',
    file: lookouts,
    edits: [{ find: 'const answerMilliseconds = 400;', replace: 'const answerMilliseconds = 0;' }],
    test: { file: theirTest, title: 'a site that answers is heard' },
  },
  {
    guard: 'Lookout: a site that is back in parts is waited for',
    file: lookouts,
    edits: [{ find: 'kept.showLife > 0 || ', replace: '' }],
    test: { file: theirTest, title: 'a site that is back in parts' },
  },
  {
    guard: 'Lookout: a look that was held up says nothing',
    file: lookouts,
    edits: [{ find: 'held || !lookout.stands(answer)', replace: '!lookout.stands(answer)' }],
    test: { file: theirTest, title: 'a look that was held up' },
  },
  {
    guard: 'Lookout: what was seen before the machine slept is none of now',
    file: lookouts,
    edits: [{ find: 'Math.max(performance.now() - past.steady, Date.now() - past.ofDay)', replace: 'performance.now() - past.steady' }],
    test: { file: theirTest, title: 'before the machine slept' },
  },
  {
    guard: 'Waiting agent: one that has heard nothing has not answered',
    file: 'activities/ssh/standing.ts',
    edits: [{ find: 'waiting && heardNothing(result)', replace: 'waiting && result === undefined' }],
    test: { file: 'test/activities/ssh/ready.test.ts', title: 'or as it is told, is no answer' },
  },
  {
    guard: 'Waiting agent: it refuses in its words what it refuses anywhere',
    file: 'site-agent/parts/90-call.sh',
    edits: [{ find: '  case ${1:-} in beat | job-run) usage', replace: '  case nothing in beat | job-run) usage' }],
    test: { file: 'test/site-agent/environment.test.ts', title: 'refuses in them what it refuses anywhere' },
  },
  {
    guard: 'Waiting agent: a script that is copied over it is none of its business',
    file: 'site-agent/parts/90-call.sh',
    edits: [
      { find: '\n{\nsay site-agent', replace: '\nsay site-agent' },
      { find: '\nexit\n}', replace: '\nexit' },
    ],
    test: { file: 'test/site-agent/environment.test.ts', title: 'goes on by the text that it has' },
  },
  {
    guard: 'Waiting agent: it says that it has heard, so that an answer that ends before is of one that did nothing',
    file: 'site-agent/parts/85-words.sh',
    edits: [{ find: '  say heard yes #', replace: '  : #' }],
    test: { file: 'test/site-agent/environment.test.ts', title: 'does what they say' },
  },
  {
    guard: 'Kept session: no plan goes by one that was opened otherwise',
    file: 'activities/probing/sessions.ts',
    edits: [{ find: '[planDigest, site, endpoint, store, boundMilliseconds]', replace: '[endpoint, store?.observer.user]' }],
    test: { file: 'test/activities/sessions.test.ts', title: 'never has a session of one that was opened without it' },
  },
  {
    guard: 'Kept session: what the work has found, or the server has said, is not asked again',
    file: 'activities/probing/sessions.ts',
    edits: [{ find: 'if (!mayBeItsEnd(error)) throw error;', replace: '' }],
    test: { file: 'test/activities/sessions.test.ts', title: 'the word of the work itself' },
  },
  {
    guard: 'Sign of life: a connection that breaks is none',
    file: 'activities/detection/checks.ts',
    edits: [{ find: 'sqlStateOf(error);', replace: '(error as { code?: string }).code;' }],
    test: { file: 'test/activities/sessions.test.ts', title: 'and a connection that breaks is none' },
  },
];
