/** Laws about the way back: what is believed or done one way needs as much time the other way. */
import { runbooksOf } from '../rules/runbooks.ts';
import { entryOf } from '../catalogue/index.ts';
import { formatSeconds, seconds } from '../durations.ts';
import { problemIf, type Rule } from './rule.ts';

/**
 * An undo has the bound of its step. The way out of a fence may be short: an agent that has just been silent is not waited for, and the survivors are asked side by side. Its way back
 * ends the child that would fence again, then asks the failed site's agent for each store and the service in turn, then the survivors. A bound that fits the way out only leaves a
 * run that is taken back half undone: writes fenced at the old site, and nothing promoted.
 */
export const undoWithinBound: Rule = (plan) =>
  runbooksOf(plan).flatMap(([name, procedure]) =>
    procedure.steps.flatMap((step, index) => {
      const wait = entryOf(name).steps[step.id]?.undoWaits?.(plan);
      if (wait === undefined) return [];
      return problemIf(seconds(step.bound) < wait.seconds, {
        rule: 'undo-within-bound',
        level: 'error',
        path: ['procedures', name, 'steps', index, 'bound'],
        message: `The bound ${step.bound} also holds for the way back, which takes up to ${formatSeconds(wait.seconds)} when ${wait.what}. Raise the bound, or shorten estate.ssh.connectTimeout.`,
      });
    }),
  );

/**
 * A failure is believed only after the hold time; a recovery that is believed sooner is reported while it may fail again in the way that the plan itself calls
 * a failure.
 */
export const watchAsLongAsHold: Rule = (plan) =>
  runbooksOf(plan).flatMap(([name, procedure]) =>
    problemIf(seconds(procedure.watch) < seconds(plan.estate.detection.holdTime), {
      rule: 'watch-as-long-as-hold',
      level: 'warning',
      path: ['procedures', name, 'watch'],
      message: `A failure is believed after ${plan.estate.detection.holdTime}, and the recovery already after ${procedure.watch}. Watch at least as long, or accept this with a note.`,
    }),
  );
