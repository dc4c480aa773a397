/** Assessment (plan, section 4, step 1): what a failover of a site would find now. Takes no lock and changes nothing. */
import { seconds } from '../plan/durations.ts';
import { judgeFailure } from '../plan/rules/failure.ts';
import { toolsFor } from './activity-proxies.ts';
import { assess } from './assess.ts';
import type { Assessment, AssessmentInput } from './messages.ts';
import { openReadOnly } from './opening.ts';
import { lookAtSite } from './steps/detection.ts';

export async function assessment(input: AssessmentInput): Promise<Assessment> {
  const { plan, run } = await openReadOnly(input);
  const { probeTimeout, holdTime } = plan.estate.detection;
  const { read } = toolsFor(`Assess ${input.from}`, seconds(holdTime) + seconds(probeTimeout) * 8 + 30);
  const vantages = await lookAtSite(read, run, plan, input.from, seconds(holdTime));
  return assess(read, run, plan, input.from, vantages, judgeFailure(vantages, 0).failedSince);
}
