/** What a run goes on with where nothing was changed, and how that is told from a change. */
import type { Change } from '../activities/context.ts';
import { now } from './clock.ts';

const theRun = 'the run';

export function unchanged(after: string): Change {
  return { before: after, after, changed: false, source: theRun, at: now() };
}

/** Whether a step came to an end without asking anybody to change anything. */
export function askedNobody(result: unknown): boolean {
  return (result as Partial<Change> | null)?.source === theRun;
}
