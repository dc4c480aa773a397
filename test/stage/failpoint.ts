/** A failpoint: at one moment of one activity the worker tells whoever listens, and waits for the answer. What happens there, the listener does: most often the worker is killed. */
import { setTimeout as pause } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { stepOfActivity } from './history.ts';

/** `before`: the activity is called and has done nothing; `after-effect`: it has returned, and nobody knows; `after-completion`: the history has it as completed. */
export const moments = ['before', 'after-effect', 'after-completion'] as const;
export type Moment = (typeof moments)[number];

const failpointSchema = z.object({
  /** Name of the step for which the activity works, as Temporal UI shows it. */
  step: z.string(),
  activity: z.string(),
  moment: z.enum(moments),
  /** Where somebody listens; they are told by a POST, and their answer is waited for. */
  tell: z.url(),
});
/** The first call of an activity for a step. */
export type Failpoint = z.infer<typeof failpointSchema>;

/** The variable in which a worker of a stage finds its failpoints. */
export const failpointsVariable = 'DR_SWEEP_FAILPOINTS';

export function readFailpoints(environment: Readonly<Record<string, string | undefined>>): Failpoint[] {
  return z.array(failpointSchema).parse(JSON.parse(environment[failpointsVariable] ?? '[]'));
}

type Activity = (...input: readonly unknown[]) => Promise<unknown>;

/** The activities, with the failpoints in them. Each is passed once. */
export function withFailpoints<T extends object>(activities: T, failpoints: readonly Failpoint[], client: Client): T {
  const passed = new Set<Failpoint>();
  const failpointOf = async (name: string): Promise<Failpoint | undefined> => {
    const candidates = failpoints.filter((failpoint) => failpoint.activity === name && !passed.has(failpoint));
    const { workflowExecution, activityId } = Context.current().info;
    if (candidates.length === 0 || !workflowExecution) return undefined;
    const step = await stepOfActivity(client, workflowExecution, activityId);
    const found = candidates.find((failpoint) => failpoint.step === step && !passed.has(failpoint));
    if (found) passed.add(found);
    return found;
  };
  const armed = (name: string, activity: Activity): Activity => {
    return async (...input) => {
      const failpoint = await failpointOf(name);
      if (failpoint?.moment === 'before') await tell(failpoint);
      const result = await activity(...input);
      if (failpoint?.moment === 'after-effect') await tell(failpoint);
      if (failpoint?.moment === 'after-completion') void tellOnceCompleted(failpoint, client, Context.current().info);
      return result;
    };
  };
  return Object.fromEntries(Object.entries(activities).map(([name, activity]) => [name, armed(name, activity as Activity)])) as T;
}

async function tell(failpoint: Failpoint): Promise<void> {
  await fetch(failpoint.tell, { method: 'POST' });
}

/** Tells as soon as the server no longer waits for the activity. */
async function tellOnceCompleted(failpoint: Failpoint, client: Client, info: Context['info']): Promise<void> {
  const { workflowId, runId } = info.workflowExecution as { workflowId: string; runId: string };
  const handle = client.workflow.getHandle(workflowId, runId);
  for (;;) {
    const { raw } = await handle.describe();
    if (!raw.pendingActivities?.some((pending) => pending.activityId === info.activityId)) return tell(failpoint);
    await pause(5);
  }
}
