/** Evidence that is looked at again while people decide. */
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { Course } from '../engine/course.ts';
import { RunEnding } from '../engine/endings.ts';
import { describe } from '../engine/failures.ts';
import type { GateEvidence } from '../engine/gate.ts';

/** A look that fails keeps the evidence that there is, and says so. One by which the run would end, such as a site that works, ends the question. */
export async function renewed(run: Course, held: GateEvidence, look: () => Promise<GateEvidence>): Promise<GateEvidence> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof RunEnding) return { ...held, settled: error.message };
    if (error instanceof ActivityFailure && !isCancellation(error)) {
      run.note(`The evidence could not be renewed; the question stays as it is. ${describe(error)}`);
      return { ...held, notRenewed: describe(error) };
    }
    throw error;
  }
}
