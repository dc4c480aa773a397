/** Waiting for what was just started: what is only not ready yet is asked again until the step's time is nearly over, what is wrong is for people. */
import { sleep } from '@temporalio/workflow';
import type { Pace } from './until-bound.ts';

/** An answer of the service; `waitsFor` when it is only not ready yet. */
interface Answer {
  readonly status: 'ok' | 'degraded' | 'failed';
  readonly waitsFor?: string;
}

/** A question that is repeated for so many seconds before it answers. */
export type Ask<T> = (withinSeconds: number) => Promise<T>;

/** How long one round of questions may take: after each the step says what it waits for. Also the time in which what answers wrongly may come right. */
const roundSeconds = 5;
const betweenRounds = '1 second';

/**
 * Asks everything until nothing is waited for any more. What has only just become ready is asked once more when it answers wrongly. `roomSeconds` of the step's bound are kept
 * for the last answers, so that it ends with what was waited for, and not as one that was not heard of.
 */
export async function untilReady<T extends Answer>({ secondsLeft, tell }: Pace, roomSeconds: number, asks: readonly Ask<T>[]): Promise<readonly T[]> {
  const since = Date.now();
  const asked = asks.map((ask) => ({ ask, answer: undefined as T | undefined, waited: false }));
  for (let open = asked; ;) {
    const withinSeconds = Math.max(1, Math.min(roundSeconds, secondsLeft() - roomSeconds));
    for (const each of open) each.waited = each.answer?.waitsFor !== undefined;
    await Promise.all(open.map(async (each) => (each.answer = await each.ask(withinSeconds))));
    open = open.filter(({ answer, waited }) => answer?.waitsFor !== undefined || (answer?.status === 'failed' && waited));
    if (open.length === 0 || secondsLeft() <= roomSeconds) return asked.flatMap(({ answer }) => answer ?? []);
    const what = [...new Set(open.flatMap(({ answer }) => answer?.waitsFor ?? []))].join('; ') || 'a second answer';
    tell(`waits for ${what}, ${Math.round((Date.now() - since) / 1000)} s so far`);
    await sleep(betweenRounds, { summary: 'Ask the service again' });
  }
}
