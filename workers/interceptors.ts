/** What this worker adds around every activity. */
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory, NativeConnection } from '@temporalio/worker';
import { failure } from '../activities/errors.ts';
import type { ServerClock } from './server-clock.ts';
import type { Admission } from './admission.ts';
import { beatMilliseconds, keepTask } from '../activities/task.ts';

/** A task that begins so long after it was given out may be another worker's by now: a worker that was frozen finds such ones when it wakes. */
const lateMilliseconds = 2 * beatMilliseconds;
/** A server that gives no answer about a task for so long would not take its result either. */
const answerMilliseconds = 2_000;
/** gRPC's status of what is not there. */
const notFound = 5;

/**
 * Tells the server while an activity runs that this worker lives, so that the activity of a dead worker is given to another within seconds, and a cancellation reaches
 * one that is waiting. How long an activity may take is bounded by its step. One that begins late is not begun unless the server still waits for it from here.
 */
export function createHeartbeatInterceptor(connection: NativeConnection, namespace: string, clock: ServerClock): ActivityInterceptorsFactory {
  return (context) => {
    const { currentAttemptScheduledTimestampMs: givenOutAt, taskToken } = context.info;
    const task = { namespace, taskToken };
    const inbound: ActivityInboundCallsInterceptor = {
      async execute(input, next) {
        const done = keepTask(context);
        try {
          await clock.saw(context.info);
          // By either clock: the one may stand still while the machine sleeps, and people may set the other.
          if (Math.max(clock.now().getTime(), Date.now()) - givenOutAt > lateMilliseconds)
            await connection.withDeadline(Date.now() + answerMilliseconds, () => connection.workflowService.recordActivityTaskHeartbeat(task)).catch(notOurs);
          return await next(input);
        } finally {
          done();
        }
      },
    };
    return { inbound };
  };
}

/** Lets an activity begin only for whom it may: see `admission.ts`. */
export function createAdmissionInterceptor(admission: Admission): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      async execute(input, next) {
        await admission.admit(info, input.args);
        return next(input);
      },
    },
  });
}

function notOurs(error: unknown): never {
  const gone = (error as { code?: unknown }).code === notFound;
  const happened = gone
    ? 'The server no longer waits for this task from here.'
    : 'The server could not be asked whether it still waits for this task from here.';
  throw failure('transient', { happened, leftAs: 'It was not begun.' }, {}, error);
}
