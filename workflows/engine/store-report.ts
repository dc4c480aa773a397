/** The step that ends every procedure: a copy of its report goes to the plan's report store. */
import type { StoredReport } from '../../activities/reporting/port.ts';
import type { Report } from '../../report/report.ts';
import type { Course } from './course.ts';
import type { Alteration } from './step-body.ts';

/** Step: a copy of the report goes to the plan's report store. */
export function storeReport(run: Course, report: () => Report): Alteration<StoredReport> {
  return {
    changes: true,
    would: 'store the report',
    predicted: { path: '', sha256: '' },
    otherwise: { path: '', sha256: '' },
    act: ({ change }) => change.storeReport({ run: run.context(), report: report() }),
    found: ({ path, sha256, pageNotMade }) =>
      path === '' ? 'not stored' : `${path} (SHA-256 ${sha256.slice(0, 12)}…)${pageNotMade ? `. ${pageNotMade}` : ''}`,
  };
}
