/** Holds the lock of an estate and lends it to one procedure, which it runs as its child. */
import { condition, defineSignal, ParentClosePolicy, setHandler, startChild } from '@temporalio/workflow';
import type { Report } from '../../report/report.ts';
import { makeLentWorkflowId } from '../wire/lending.ts';
import type { WarmUpInput } from '../wire/warm-up.ts';
import type { warmUp } from './warm-up.ts';

/** Ends it before its child does. */
export const leaveSignal = defineSignal('leave');

export async function exercise(input: WarmUpInput): Promise<Report | null> {
  let left = false;
  setHandler(leaveSignal, () => void (left = true));
  const child = await startChild<typeof warmUp>('warmUp', {
    workflowId: makeLentWorkflowId(input.estate, 'warmUp'),
    args: [input],
    parentClosePolicy: ParentClosePolicy.ABANDON,
  });
  const report = child.result();
  return Promise.race([report, condition(() => left).then(() => null)]);
}
