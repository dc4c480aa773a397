/**
 * What stands before the handlers of every workflow. Signals are given to them straight (`signals.ts`). The SDK keeps names that begin with `__temporal_` for itself: where a workflow takes signals of unknown names, one of such a name would
 * fail its task, and go on failing it. Here the name is changed, so that the signal is one of an unknown name like any other.
 */
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { takeSignals } from './signals.ts';

const reserved = '__temporal_';

/** Called by the SDK for each execution. */
export function interceptors(): WorkflowInterceptors {
  return {
    internals: [
      {
        activate(input, next) {
          takeSignals(input.activation.jobs ?? []);
          for (const { signalWorkflow } of input.activation.jobs ?? [])
            if (signalWorkflow?.signalName?.startsWith(reserved)) signalWorkflow.signalName = `reserved name ${signalWorkflow.signalName}`;
          return next(input);
        },
      },
    ],
  };
}
