/** Law about what stands in a plan as an example: it must be replaced before the plan is that of anybody. */
import { planSchema, type Plan } from '../schema.ts';
import type { PlanPath } from '../source.ts';
import { problemIf, type Problem, type Rule } from './rule.ts';

/** A fingerprint of one character is what the skeleton has in the place of one. */
const madeUpKey = /^SHA256:(.)\1{39}/;

/** Each text of the skeleton that `dr init` leaves to be filled in. A law for each part of the plan: one that is not known hides no other. */
export const examplesReplaced: readonly Rule[] = (Object.keys(planSchema.shape) as (keyof Plan)[]).map(
  (key): Rule =>
    (plan) =>
      leftIn(plan[key], [key]),
);

function leftIn(value: unknown, path: PlanPath): readonly Problem[] {
  if (value !== null && typeof value === 'object')
    return Object.entries(value).flatMap(([key, part]) => leftIn(part, [...path, Array.isArray(value) ? Number(key) : key]));
  return problemIf(typeof value === 'string' && (/\bREPLACE\b/.test(value) || madeUpKey.test(value)), {
    rule: 'examples-replaced',
    level: 'error',
    path,
    message: `"${String(value)}" is what dr init has left to be filled in. ${advice(String(value))}`,
  });
}

function advice(value: string): string {
  return madeUpKey.test(value) ? 'Write the fingerprint that `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints on the host.' : 'Write your own.';
}
