/** What a promotion leaves at a resource of AWS, and what people do with a primary that has none of it. */
import type { ApplicationFailure } from '@temporalio/common';
import type { ServerKind } from '../../plan/rules/servers.ts';
import type { SiteId } from '../../plan/schema.ts';
import { failure } from '../errors.ts';

/** Tag that a run sets before it promotes: a primary without it was promoted by nobody that we know. */
export const promotionTagKey = 'dr-promotion';

/** Raised past the point of no return, in steps that no plan lets people skip: a retry finds the same, and nothing is undone. */
export function promotedByNoRun(server: ServerKind, site: SiteId): ApplicationFailure {
  const find = `Find out who promoted it (CloudTrail), and whether another ${server} takes writes.`;
  const go = 'When it may stay the primary, choose abort, look with dr estate check, and go on by hand: start the services, verify them, route the traffic.';
  return failure('refused', {
    happened: `The ${server} at ${site} is a primary already, and no run of this estate promoted it.`,
    leftAs: 'Nothing was changed.',
    next: `${find} ${go} Choose retry only once a replica stands there again.`,
  });
}
