/**
 * Durations, counts, sizes and lists of the plan, each with a range. A range has a reason, which stands in the field's description: whoever is refused a value can
 * see what it would have broken. test/plan/ranges.test.ts finds a field without one.
 */
import { z } from 'zod';
import { seconds } from '../durations.ts';
import { duration } from './common.ts';

interface DurationRange {
  /** Where what reads it counts whole seconds. */
  readonly whole?: true;
  /** Example of the field, an ISO 8601 duration. */
  readonly example?: string;
  readonly from: string;
  readonly to: string;
  /** What is at stake below and beyond. */
  readonly why: string;
}

interface CountRange {
  readonly example?: number;
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

/** A duration between two others, both included. */
export function durationIn({ from, to, why, example, whole }: DurationRange, what: string) {
  const [least, most] = [seconds(from), seconds(to)];
  const within = (value: string): boolean => {
    // What is no duration at all has its own sentence.
    if (!duration.safeParse(value).success) return true;
    return seconds(value) >= least && seconds(value) <= most && (!whole || Number.isInteger(seconds(value)));
  };
  const described = duration
    .refine(within, `write a duration ${whole ? 'of whole seconds ' : ''}from ${from} to ${to}: ${why}`)
    .describe(withRange(what, from, to, why));
  return example === undefined ? described : described.meta({ examples: [example] });
}

/** A whole number between two others, both included. */
export function countIn({ from, to, why, example }: CountRange, what: string) {
  const sentence = `write a whole number from ${from} to ${to}: ${why}`;
  return z
    .int()
    .min(from, sentence)
    .max(to, sentence)
    .meta({ description: withRange(what, String(from), String(to), why), examples: [example ?? Math.max(1, from)] });
}

/** A list of at most `max` entries. All lists have one bound in common: the whole plan travels with each run, and people must be able to read it. */
export function listOf<Item extends z.ZodType>(item: Item, { min = 0, max }: { readonly min?: number; readonly max: number }, what: string) {
  return z.array(item).min(min).max(max).describe(what);
}

function withRange(what: string, from: string, to: string, why: string): string {
  return `${what} ${from} to ${to}: ${why}.`;
}
