/** What a site stands on, where the plan has a template or a module for it: looked at as before a cold start. Whether it may be made shows only when a run does. */
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import { countChanges, stackOf } from '../../plan/rules/stacks.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { createStackActivities } from '../stack/activities.ts';
import { withAnswer } from './aws.ts';
import { lacking, ok, type Subject } from './checks.ts';
import { cloudFormationPolicy } from './lines.ts';
import type { AccessCheck } from './port.ts';

/** Nothing where the hosts of the site are there. */
export async function checkStack(plan: Plan, site: SiteId, run: RunContext, dependencies: FolderDependencies): Promise<readonly AccessCheck[]> {
  const stack = stackOf(plan, site);
  if (!stack) return [];
  const as = stack.driver === 'cloudformation' ? (stack.credentials?.accessKeyId ?? "the SDK's own credentials") : "the worker's own environment";
  const subject: Subject = { what: 'infrastructure', steps: stepsThatReach('infrastructure'), as };
  return withAnswer(subject, cloudFormationPolicy(), async () => {
    const { stack: name, status, changes, drift, against } = await createStackActivities(dependencies).previewStack({ run, site });
    if (against !== undefined) return [lacking(subject, against)];
    return [ok(subject, [`${name}: ${status}, ${countChanges(changes)}`, ...drift, 'making it is not tried'].join('; '))];
  });
}
