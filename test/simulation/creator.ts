/** The sandbox in which the real workflows run in simulations; one for a process. */
import { parseWorkflowCode } from '@temporalio/worker/lib/worker.js';
import { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { bundleWorkflows } from '../support/bundle.ts';
import { FakeEstate } from '../model/estate.ts';

export async function createSandbox(snapshot: PlanSnapshot): Promise<ReusableVMWorkflowCreator> {
  const names = Object.keys(new FakeEstate(snapshot).activities());
  // Without the limit on a task's time: each call into the sandbox would start a thread that watches it.
  const creator = await ReusableVMWorkflowCreator.create(
    parseWorkflowCode((await bundleWorkflows()).code),
    undefined as unknown as number,
    new Set(names),
    undefined,
  );
  globalHandlers.uninstall(); // stack traces of promises are for people at a console, and cost most of the time
  return creator;
}
