/** A report on its way into a file for other programs. Types only. */
import type { Report } from '../report.ts';

export interface ReportToExport {
  readonly report: Report;
  /** False while the run is still open: what is not over is neither passed nor failed. */
  readonly ended: boolean;
}
