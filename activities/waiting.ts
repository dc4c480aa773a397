/** How an activity waits: by looking again, and ending at once when it is cancelled. The worker's interceptor tells the server that it lives. */
import { setTimeout as delay } from 'node:timers/promises';
import { currentContext } from './task.ts';

/** Waits so many milliseconds; rejects at once when the activity is cancelled. */
export async function pause(milliseconds: number): Promise<void> {
  const signal = currentContext()?.cancellationSignal;
  await delay(milliseconds, undefined, signal ? { signal } : {});
}

/**
 * Looks every `everyMilliseconds` until `look` gives something, at most `withinMilliseconds`; the last look is made at the end of the time.
 * Undefined when the time is over. `Infinity` leaves the bound to the step, or to `look`, which may throw.
 */
export async function until<T>(
  look: () => Promise<T | undefined>,
  options: { readonly everyMilliseconds: number; readonly withinMilliseconds: number },
): Promise<T | undefined> {
  const end = performance.now() + options.withinMilliseconds;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= end) return undefined;
    await pause(Math.max(1, Math.min(options.everyMilliseconds, end - performance.now())));
  }
}
