/** Assessment (plan, section 4, step 1): what a failover of a site would find now. Takes no lock and changes nothing. */
import { seconds } from '../plan/durations.ts';
import { judgeFailure } from '../plan/rules/failure.ts';
import { toolsFor } from './activity-proxies.ts';
import { assess } from './assess.ts';
import type { Assessment, AssessmentInput } from './messages.ts';
import { planQuery } from './messages.ts';
import { loadRunPlan } from './opening.ts';
import { lookAtSite } from './steps/detection.ts';
import { setHandler, workflowInfo } from '@temporalio/workflow';
import type { PlanSnapshot } from '../plan/schema.ts';

export async function assessment(input: AssessmentInput): Promise<Assessment> {
  let snapshot: PlanSnapshot | null = null;
  setHandler(planQuery, () => snapshot, { description: 'The plan that this assessment works on.' });
  snapshot = await loadRunPlan(input.planDigest);
  const { plan, digest } = snapshot;
  const { workflowId, runId } = workflowInfo();
  const run = { runId: workflowId, execution: `${workflowId}@${runId}`, planDigest: digest, epoch: 0 };
  const { probeTimeout, holdTime } = plan.estate.detection;
  const { read } = toolsFor(`Assess ${input.from}`, seconds(holdTime) + seconds(probeTimeout) * 8 + 30);
  const vantages = await lookAtSite(read, run, plan, input.from, seconds(holdTime));
  return assess(read, run, plan, input.from, vantages, judgeFailure(vantages, 0).failedSince);
}
