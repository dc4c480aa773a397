/** Waits by condition, with a deadline. */
import { setTimeout as pause } from 'node:timers/promises';

/** Between two questions, milliseconds: what is nearly there is found soon, what lasts is not asked for all the time. */
const [pauseFirst, pauseLongest] = [5, 50];

/** Asks again and again until the answer is there; throws a sentence after `deadlineSeconds`. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, deadlineSeconds = 20): Promise<T> {
  const deadline = Date.now() + deadlineSeconds * 1000;
  let last: unknown = 'it was never so';
  for (let milliseconds = pauseFirst; ; milliseconds = Math.min(2 * milliseconds, pauseLongest)) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`Waited ${deadlineSeconds} s in vain until ${what}: ${String(last)}`);
    await pause(milliseconds);
  }
}
