/** What this worker adds around every activity. */
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';

/** Well below the heartbeat time-out of the workflows' proxies. */
const heartbeatMilliseconds = 1000;

/**
 * Tells the server while an activity runs that this worker lives, so that the activity of a dead worker is given to another within seconds, and a cancellation reaches
 * one that is waiting. How long an activity may take is bounded by its step.
 */
export const heartbeatInterceptor: ActivityInterceptorsFactory = (context) => {
  const inbound: ActivityInboundCallsInterceptor = {
    async execute(input, next) {
      const timer = setInterval(() => context.heartbeat(), heartbeatMilliseconds);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
      }
    },
  };
  return { inbound };
};
