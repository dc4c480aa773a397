/** A copy of the finished report in the plan's report store. */
import type { PlanSnapshot } from '../../plan/schema.ts';
import type { Report } from '../../report/report.ts';
import type { ReachOf, RunContext } from '../context.ts';

export interface StoredReport {
  /** The Markdown; JSON and page have the same name with `.json` and `.html`. */
  readonly path: string;
  readonly sha256: string;
  /** Why there is no page (`page-not-made` of the catalogue); absent when there is one. */
  readonly pageNotMade?: string;
}

export interface ReportingReads {
  /** The plan that this worker holds. Refused (`plan-changed`) when `expectedDigest` is given and differs. */
  loadPlan(input: { readonly expectedDigest?: string }): Promise<PlanSnapshot>;
}

export interface ReportingChanges {
  /**
   * Writes the report as Markdown and JSON, and beside them as a page, named by start, execution and epoch; an equal copy already there is left.
   * A page that cannot be made fails nothing.
   */
  storeReport(input: { readonly run: RunContext; readonly report: Report }): Promise<StoredReport>;
}

export const reportingChanges = { storeReport: 'record' } as const satisfies ReachOf<ReportingChanges>;

export type ReportingActivities = ReportingReads & ReportingChanges;
