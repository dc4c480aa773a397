/** What a law of the lint is: a pure function from a plan to its problems. */
import type { Plan } from '../schema.ts';
import type { PlanPath } from '../source.ts';

export interface Problem {
  /** Name of the law; an accepted finding repeats it. */
  readonly rule: string;
  /** An error must be fixed; a warning may be accepted with a note. */
  readonly level: 'error' | 'warning';
  readonly path: PlanPath;
  /** What is wrong and what to do. */
  readonly message: string;
}

export type Rule = (plan: Plan) => readonly Problem[];

/** A problem when the condition holds. */
export function problemIf(condition: boolean, problem: Problem): readonly Problem[] {
  return condition ? [problem] : [];
}
