/** What this worker adds around every activity. */
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
import { keepTask } from '../activities/task.ts';

/**
 * Tells the server while an activity runs that this worker lives, so that the activity of a dead worker is given to another within seconds, and a cancellation reaches
 * one that is waiting. How long an activity may take is bounded by its step.
 */
export const heartbeatInterceptor: ActivityInterceptorsFactory = (context) => {
  const inbound: ActivityInboundCallsInterceptor = {
    async execute(input, next) {
      const done = keepTask(context);
      try {
        return await next(input);
      } finally {
        done();
      }
    },
  };
  return { inbound };
};
