/** What a run goes on with where nothing was changed. */
import type { Change } from '../../activities/context.ts';
import { now } from './clock.ts';

export function unchanged(after: string): Change {
  return { before: after, after, changed: false, source: 'the run', at: now() };
}
