/** Assessment (plan, section 4, step 1): what a failover of a site would find now. Takes no lock and changes nothing. */
import { seconds } from '../../plan/durations.ts';
import { judgeFailure } from '../../plan/rules/failure.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { assess } from '../estate/assess.ts';
import type { AssessmentInput, AssessmentResult } from '../wire/messages.ts';
import { mustRead } from '../engine/must-read.ts';
import { assessmentInput } from '../wire/start-forms.ts';
import { makeAssessmentWorkflowId } from '../wire/ids.ts';
import { openReadOnly } from '../engine/opening.ts';
import { recordLines } from '../estate/public-name.ts';
import { lookAtSite } from '../estate/look.ts';

export async function assessment(input: AssessmentInput): Promise<AssessmentResult> {
  mustRead(assessmentInput, input, 'an assessment');
  const { plan, run } = await openReadOnly(input, makeAssessmentWorkflowId(input.estate, input.from));
  const { probeTimeout, holdTime } = plan.estate.detection;
  const { read } = toolsFor(`Assess ${input.from}`, seconds(holdTime) + seconds(probeTimeout) * 8 + 30);
  const [vantages, records] = await Promise.all([lookAtSite(read, run, plan, input.from, { holdSeconds: seconds(holdTime) }), read.lookAtRecords({ run })]);
  const assessed = await assess(read, run, { plan, from: input.from, vantages, failedSince: judgeFailure(vantages, 0).failedSince });
  return { ...assessed, records: recordLines(records) };
}
