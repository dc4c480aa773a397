/** Law about what functions need of each other. */
import type { Plan } from '../schema.ts';
import { problemIf, type Rule } from './rule.ts';

/** Functions that wait for each other never come back: nobody could begin with one of them. */
export const dependenciesEnd: Rule = (plan) =>
  plan.functions.flatMap((entry, index) => {
    const circle = circleOf(plan, entry.id);
    // A circle is one thing to mend, and is told where its first function stands.
    const first = circle.every((id) => plan.functions.findIndex((other) => other.id === id) >= index);
    return problemIf(circle.length > 0 && first, {
      rule: 'dependencies-end',
      level: 'error',
      path: ['functions', index, 'dependsOn'],
      message: `The functions depend on each other in a circle: ${[...circle, entry.id].join(' needs ')}. Take one of these dependencies out.`,
    });
  });

/** The shortest way from a function along its dependencies back to itself; empty when there is none. */
function circleOf(plan: Plan, start: string): readonly string[] {
  const needs = new Map(plan.functions.map(({ id, dependsOn }) => [id, dependsOn ?? []]));
  const ways: (readonly string[])[] = [[start]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift())
    for (const next of needs.get(way.at(-1) ?? '') ?? []) {
      if (next === start) return way;
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  return [];
}
