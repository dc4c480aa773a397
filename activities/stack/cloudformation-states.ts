/** The states of a stack, and why one came to a bad one. */
import type { CloudFormation } from './cloudformation-api.ts';

/** Nothing is under way in it. One in review has had nothing but a change set. */
export function standsStill(status: string): boolean {
  return status === 'REVIEW_IN_PROGRESS' || !status.endsWith('_IN_PROGRESS');
}

const reasonsMax = 3;

/** The first things that failed in its last operation, in AWS's words. */
export async function whyFailed(api: Pick<CloudFormation, 'events'>): Promise<string> {
  const events = await api.events();
  const [last] = events;
  const failed = events
    .filter(({ status, reason, token }) => status.endsWith('_FAILED') && token === last?.token && !/cancelled/i.test(reason))
    .toReversed()
    .slice(0, reasonsMax)
    .map(({ what, reason }) => `${what}: ${reason || 'no reason was told'}`);
  return failed.join('; ').replace(/\.$/, '') || 'AWS told no reason';
}
