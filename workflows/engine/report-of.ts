/** Makes the report of a run from what was recorded. */
import type { Outcome, Report } from '../../report/report.ts';
import { reportBytesMax, within } from '../wire/bounds.ts';
import { now } from './clock.ts';
import type { Course } from './course.ts';
import type { ReportPart } from './procedure.ts';

/** The report as it stands; complete once the run has ended. `part`: what the procedure adds. */
export function reportOf(run: Course, part: ReportPart, ending: { readonly open: boolean; readonly outcome: Outcome; readonly summary: string }): Report {
  const { plan } = run;
  const { steps, changes, exceptions, leftovers, timeline } = run.record;
  return within(reportBytesMax, {
    runId: run.start.runId,
    estate: plan.estate.name,
    procedure: run.start.procedure,
    mode: run.start.mode,
    ...ending,
    plan: { name: plan.plan.name, version: plan.plan.version, digest: run.planSnapshot?.digest ?? '' },
    places: run.places,
    startedBy: run.start.startedBy,
    startedAt: run.start.startedAt,
    endedAt: now(),
    epoch: run.epoch,
    pointOfNoReturnAt: run.pointOfNoReturnAt,
    ...part,
    exceptions,
    leftovers,
    steps,
    gates: run.desk.records,
    refusals: { kept: run.refusals.entries, beyond: run.refusals.beyond },
    timeline,
    changes,
  });
}
