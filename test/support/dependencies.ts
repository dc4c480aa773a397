/** What activities are built with, for tests that give their own plan, secrets and agents. */
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { Lookouts } from '../../activities/lookouts.ts';
import { createObserverSessions } from '../../activities/probing/sessions.ts';

type Kept = 'sessions' | 'lookouts' | 'restorer';

/** With what a worker keeps between calls, kept by nobody else. */
export function dependenciesOf<Built extends ActivityDependencies>(
  parts: Omit<Built, Kept> & Omit<ActivityDependencies, Kept> & Partial<Pick<ActivityDependencies, 'restorer'>>,
): Built {
  return { restorer, ...parts, sessions: createObserverSessions(parts), lookouts: new Lookouts() } as unknown as Built;
}

function restorer(): never {
  throw new Error('This test restores nothing: give it a restorer.');
}
