/** Who is meant by the names of groups. Pure. */
import type { Plan } from '../schema.ts';

/** Ids of the members of these groups, each once, in the order of the plan. */
export function membersOf(plan: Pick<Plan, 'groups'>, groups: readonly string[]): readonly string[] {
  return [...new Set(plan.groups.filter((group) => groups.includes(group.id)).flatMap((group) => group.members))];
}
