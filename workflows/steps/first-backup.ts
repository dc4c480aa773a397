/** Step after a cold start: what was restored and opened is protected again by a backup of its own. */
import type { JobLook } from '../../activities/jobs/port.ts';
import { restorerOf } from '../../plan/rules/restorers.ts';
import type { Course } from '../engine/course.ts';
import { type JobOrder, runJob } from '../engine/jobs.ts';
import type { Alteration } from '../engine/step-body.ts';

/** Until it is there what customers write now can be restored from nowhere: the sets that were restored from end before it. */
export function firstBackup(run: Course): Alteration<Pick<JobLook, 'lastLine'>> {
  const site = run.places.target;
  const by = { program: restorerOf(run.plan, site, 'database'), start: (change, at) => change.backUpRestored(at) } satisfies JobOrder['by'];
  return {
    changes: true,
    would: `make a first backup of the restored database at ${site}, at the path where it archives`,
    predicted: {},
    otherwise: {},
    act: (tools) => runJob(run, tools, { site, job: 'first-backup', args: [], id: 'first-backup', by }),
    found: ({ lastLine }) => lastLine ?? 'made',
  };
}
