/** Whether an execution is over, by what Temporal says of it. */
import type { WorkflowExecutionStatusName } from '@temporalio/client';

const over: readonly WorkflowExecutionStatusName[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'CONTINUED_AS_NEW', 'TIMED_OUT'];

/** False also for one that is paused, and for a status that a later server may give. */
export function isOver(status: WorkflowExecutionStatusName): boolean {
  return over.includes(status);
}
