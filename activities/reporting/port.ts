/** A copy of the finished report in the plan's report store. */
import type { PlanSnapshot } from '../../plan/schema.ts';
import type { Report } from '../../report/report.ts';
import type { RunContext } from '../context.ts';

export interface ReportingActivities {
  /** Writes the report as Markdown and JSON, named by start, execution and epoch; an equal copy already there is left. */
  storeReport(input: { readonly run: RunContext; readonly report: Report }): Promise<{ readonly path: string; readonly sha256: string }>;
  /** The plan that this worker holds. Refused (`plan-changed`) when `expectedDigest` is given and differs. */
  loadPlan(input: { readonly expectedDigest?: string }): Promise<PlanSnapshot>;
}
