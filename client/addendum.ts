/** What became known of a run after its end: the watch over the lost site, which outlives the run, has counted what only the old database committed. */
import type { Client } from '@temporalio/client';
import type { Addendum, Report } from '../report/report.ts';
import type { FenceOnReturnResult } from '../workflows/children/fence-on-return.ts';
import { makeFenceOnReturnWorkflowId } from '../workflows/wire/ids.ts';
import { isNotFound } from './errors.ts';

/** Null while the watch goes on, where it counted nothing, and where there is none of this run: a later one watches under the same id. */
export async function findAddendum(temporal: Client, report: Report): Promise<Addendum | null> {
  if (report.mode !== 'live') return null;
  const watch = temporal.workflow.getHandle(makeFenceOnReturnWorkflowId(report.estate, report.places.source));
  try {
    const [run, { status, parentExecution, closeTime }] = await Promise.all([temporal.workflow.getHandle(report.runId).describe(), watch.describe()]);
    if (status.name !== 'COMPLETED' || parentExecution?.workflowId !== report.runId || parentExecution.runId !== run.runId) return null;
    const result = (await watch.result()) as FenceOnReturnResult;
    if (result.outcome !== 'fenced' || result.beyond === undefined) return null;
    const { beyond: text, counted, notTold } = result;
    return {
      at: (closeTime ?? new Date(0)).toISOString(),
      site: report.places.source,
      text,
      ...(counted ? { counted } : {}),
      ...(notTold === undefined ? {} : { notTold }),
    };
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
