/**
 * Fences of an estate whose cache is a Global Datastore: no agent closes it, and a replica of another region is asynchronous. AWS makes an old primary a replica once its
 * region is back; nothing proves that it acknowledges nothing before.
 */
import { observeCache } from '../cache/observer.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { FencingActivities } from './port.ts';
import { withUnclosable } from './unclosable.ts';

/** `others` fences what is no cache: it names none of ElastiCache. */
export function createElastiCacheFencing(dependencies: ActivityDependencies, others: FencingActivities): FencingActivities {
  return withUnclosable(dependencies, others, {
    server: 'cache',
    why: 'no agent closes a replication group of ElastiCache, and those of other regions are asynchronous, so it may still acknowledge writes',
    observe: observeCache,
    judge: ({ role }) => (role === 'replica' ? { state: 'standby', how: 'replica, by its own Redis' } : { state: 'writer', how: 'primary, by its own Redis' }),
  });
}
