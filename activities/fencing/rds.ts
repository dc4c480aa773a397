/** Fences of an estate whose database is RDS: no agent closes such a database, and a replica of another region is asynchronous. */
import { observe } from '../database/observer.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { FencingActivities } from './port.ts';
import { withUnclosable } from './unclosable.ts';

/** `others` fences what is no database: it names none of RDS. */
export function createRdsFencing(dependencies: ActivityDependencies, others: FencingActivities): FencingActivities {
  return withUnclosable(dependencies, others, {
    server: 'database',
    why: 'no agent closes an RDS instance, and its replicas of other regions are asynchronous, so it may still acknowledge writes',
    observe,
    judge: ({ inRecovery, timeline }) =>
      inRecovery ? { state: 'standby', how: 'in recovery' } : { state: 'writer', how: `out of recovery on timeline ${timeline}` },
  });
}
