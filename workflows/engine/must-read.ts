/** Reads what starts a workflow. */
import type { z } from 'zod';
import { Unreadable } from '../wire/payload-converter.ts';
import { failure } from './failures.ts';

/** Refuses, once and for all, an input that its schema does not read; nothing of the estate was touched by then. */
export function mustRead(schema: z.ZodType, input: unknown, what: string): void {
  if (input instanceof Unreadable)
    throw failure('refused', {
      happened: `The input of ${what} cannot be read: ${input.why}.`,
      leftAs: 'Nothing was changed.',
      next: 'Send JSON without a codec, and start again.',
    });
  const issues = schema.safeParse(input).error?.issues ?? [];
  if (issues.length === 0) return;
  const faults = issues.slice(0, 5).map((issue) => `${where(issue)}: ${issue.message}`);
  throw failure('refused', {
    happened: `The input of ${what} cannot be used. ${faults.join('. ')}.`,
    leftAs: 'Nothing was changed.',
    next: 'Write it as docs/reference/messages.md says, and start again.',
  });
}

function where({ path }: z.core.$ZodIssue): string {
  return path.length === 0 ? 'All of it' : `"${path.map(String).join('.')}"`;
}
