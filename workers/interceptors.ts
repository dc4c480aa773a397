/** What this worker adds around every activity. */
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory, NativeConnection } from '@temporalio/worker';
import { failure } from '../activities/errors.ts';
import { beatMilliseconds, keepTask } from '../activities/task.ts';

/** A task that begins so long after it was given out may be another worker's by now: a worker that was frozen finds such ones when it wakes. */
const lateMilliseconds = 2 * beatMilliseconds;

/**
 * Tells the server while an activity runs that this worker lives, so that the activity of a dead worker is given to another within seconds, and a cancellation reaches
 * one that is waiting. How long an activity may take is bounded by its step. One that begins late is not begun unless the server still waits for it from here.
 */
export function createHeartbeatInterceptor({ workflowService }: NativeConnection, namespace: string): ActivityInterceptorsFactory {
  return (context) => {
    const { currentAttemptScheduledTimestampMs: givenOutAt, taskToken } = context.info;
    const inbound: ActivityInboundCallsInterceptor = {
      async execute(input, next) {
        const done = keepTask(context);
        try {
          if (Date.now() - givenOutAt > lateMilliseconds) await workflowService.recordActivityTaskHeartbeat({ namespace, taskToken }).catch(notOurs);
          return await next(input);
        } finally {
          done();
        }
      },
    };
    return { inbound };
  };
}

function notOurs(error: unknown): never {
  throw failure('transient', { happened: 'The server no longer waits for this task from here.', leftAs: 'It was not begun.' }, {}, error);
}
