/** How an activity waits: by looking again, with heartbeats while it runs for a workflow, and ending at once when it is cancelled. */
import { Context } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';

function currentContext(): Context | undefined {
  try {
    return Context.current();
  } catch {
    return undefined; // called outside a worker, by a test or by a command that only reads
  }
}

/** Tells the server that the activity lives, and what it waits for. */
export function heartbeat(detail: string): void {
  currentContext()?.heartbeat(detail);
}

/** Waits so many milliseconds; rejects at once when the activity is cancelled. */
export async function pause(milliseconds: number): Promise<void> {
  const signal = currentContext()?.cancellationSignal;
  await delay(milliseconds, undefined, signal ? { signal } : {});
}

/**
 * Looks every `everyMilliseconds` until `look` gives something, at most `withinMilliseconds`; the last look is made at the end of the time.
 * Undefined when the time is over.
 */
export async function until<T>(
  look: () => Promise<T | undefined>,
  options: { readonly everyMilliseconds: number; readonly withinMilliseconds: number; readonly waitingFor: string },
): Promise<T | undefined> {
  const end = performance.now() + options.withinMilliseconds;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= end) return undefined;
    heartbeat(options.waitingFor);
    await pause(Math.max(1, Math.min(options.everyMilliseconds, end - performance.now())));
  }
}

/** Runs work that has no natural moment for heartbeats, with one each second. */
export async function keepAlive<T>(detail: string, work: () => Promise<T>): Promise<T> {
  heartbeat(detail);
  const beat = setInterval(() => heartbeat(detail), 1_000);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}
