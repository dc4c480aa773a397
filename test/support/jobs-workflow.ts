/** A workflow of the tests: one step that runs a job, and people who choose retry so many times. */
import { defineQuery, setHandler } from '@temporalio/workflow';
import type { RunContext } from '../../activities/context.ts';
import type { JobLook } from '../../activities/jobs/port.ts';
import { toolsFor } from '../../workflows/engine/activity-proxies.ts';
import { describe, isTechnical } from '../../workflows/engine/failures.ts';
import { type JobOrder, runJob } from '../../workflows/engine/jobs.ts';
import { RunRecord } from '../../workflows/engine/record.ts';

export interface JobStep {
  readonly run: RunContext;
  readonly order: JobOrder;
  readonly boundSeconds: number;
  readonly retries?: number;
}

/** What the step has said of itself, one after another; how it failed is the last. */
export const toldQuery = defineQuery<readonly string[]>('told');

/** What the run would leave to people. */
export const leftoversQuery = defineQuery<readonly string[]>('leftovers');

export async function jobStep({ run, order, boundSeconds, retries = 0 }: JobStep): Promise<JobLook> {
  const told: string[] = [];
  const record = new RunRecord(
    () => new Date().toISOString(),
    () => undefined,
  );
  setHandler(toldQuery, () => told);
  setHandler(leftoversQuery, () => record.leftovers);
  const kept = {
    context: () => run,
    leaveOver: (sentence: string) => record.leaveOver(sentence),
    leaveNot: (sentence: string) => record.leaveNot(sentence),
    note: (text: string) => record.note(text),
    ending: null,
  };
  for (let left = retries; ; left -= 1) {
    try {
      return await runJob(kept, toolsFor('Copy', boundSeconds, { tell: (what) => void told.push(what) }), order);
    } catch (error) {
      told.push(describe(error));
      if (left === 0 || !isTechnical(error)) throw error;
    }
  }
}
