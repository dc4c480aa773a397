/** Gathers what the invariants are judged by, from a whole lab. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { labHandle } from '../../lab/cli/call.ts';
import type { CustomerFigures } from '../../lab/customers/figures.ts';
import type { Report } from '../../report/report.ts';
import { statusQuery } from '../../workflows/wire/messages.ts';
import type { Scenarios } from '../scenarios/scenarios.ts';
import { scheduledActivities } from '../stage/history.ts';
import { readEffects } from './effects.ts';
import type { Observation } from './judge.ts';

/** Activities outside of the procedure's steps: the run's first and, where it ended early, its last look; looks for those who decide; and what watches or ends a job of a step. By how their names begin. */
const outsideOfSteps = [
  'Load the plan',
  'Read which servers can write',
  'Count what an unproven fence may cost',
  'Look again while people decide',
  'Watch the job ',
  'Cancel the job ',
  'Look whether the job ',
];

/** `since`: RFC 3339, before the fault. */
export async function observe(scenarios: Scenarios, since: string): Promise<Observation> {
  const [run, figures, effects] = await Promise.all([
    observeRun(scenarios),
    scenarios.control<CustomerFigures>('customers/figures', { since }),
    readEffects(labHandle(scenarios.stack.options.lab)),
  ]);
  return { ...run, plan: scenarios.plan, figures, effects };
}

async function observeRun(scenarios: Scenarios): Promise<Omit<Observation, 'plan' | 'figures' | 'effects'>> {
  const handle = scenarios.run();
  try {
    const { status } = await handle.describe();
    const stepsInHistory = (await scheduledActivities(handle)).map(({ step }) => step).filter((step) => !outsideOfSteps.some((name) => step.startsWith(name)));
    const open = status.name === 'RUNNING' ? await handle.query(statusQuery) : null;
    const report = status.name === 'COMPLETED' ? ((await handle.result()) as Report) : null;
    return { state: status.name, waitsForPeople: open !== null && (open.gate !== null || open.stopped !== null), report, stepsInHistory };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { state: null, waitsForPeople: false, report: null, stepsInHistory: [] };
    throw error;
  }
}
