/** The guards of jobs, for `removals.ts`. */

export const jobRemovals = [
  {
    guard: 'Job: a program that others may write is not run',
    file: 'site-agent/parts/73-job-programs.sh',
    edits: [{ find: 'case $2 in *[2367] | *[2367]?) refuse', replace: 'case $2 in none) refuse' }],
    test: { file: 'test/site-agent/jobs.test.ts', title: 'is written by nobody but root and the agent' },
  },
  {
    guard: 'Job: after a restart of the host another process is not taken for it',
    file: 'site-agent/parts/75-jobs.sh',
    edits: [{ find: '  [ "${noted%:*}" = "${here%:*}" ] || return 1\n', replace: '' }],
    test: { file: 'test/site-agent/jobs.test.ts', title: 'after a restart of the host' },
  },
  {
    guard: 'Job: its number that was given to another process is not it',
    file: 'site-agent/parts/75-jobs.sh',
    edits: [{ find: ' && [ "$leads" != "$began" ] && return 1', replace: '' }],
    test: { file: 'test/site-agent/jobs.test.ts', title: 'after a restart of the host' },
  },
  {
    guard: 'Job: one that was cancelled does not begin late',
    file: 'site-agent/parts/75-jobs.sh',
    edits: [{ find: '  [ ! -f "$job/cancelled" ] || state=cancelled\n', replace: '' }],
    test: { file: 'test/site-agent/jobs.test.ts', title: 'of one that has not begun keeps it from beginning' },
  },
  {
    guard: 'Job: one of a name runs at a time',
    file: 'site-agent/parts/75-jobs.sh',
    edits: [{ find: '  [ -z "$said" ] || refuse', replace: '  true || refuse' }],
    test: { file: 'test/site-agent/jobs.test.ts', title: 'runs once at a time' },
  },
  {
    guard: 'Job: it ends with its step',
    file: 'workflows/engine/jobs.ts',
    edits: [{ find: "if (last.state === 'running') throw await outOfBound(at, last);", replace: "if (last.state === 'running') return last;" }],
    test: { file: 'test/workflows/engine/jobs.test.ts', title: 'by its bound cancels the job within the bound' },
  },
  {
    guard: 'Job: it ends with its workflow',
    file: 'workflows/engine/jobs.ts',
    edits: [
      {
        find: 'CancellationScope.nonCancellable(() => changeOnce.cancelJob(thereOf(at)))',
        replace: 'changeOnce.cancelJob(thereOf(at))',
      },
    ],
    test: { file: 'test/workflows/engine/jobs.test.ts', title: 'by a cancellation of the workflow cancels the job' },
  },
];
