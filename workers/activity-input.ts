/** What every activity is given, read by a schema before it begins: anybody may schedule one. */
import { z } from 'zod';
import { failure } from '../activities/errors.ts';
import type { RunContext } from '../activities/context.ts';
import { identifier } from '../plan/schema/common.ts';
import { workflowIdLengthMax } from '../workflows/wire/ids.ts';

/** The longest is a report to be stored. Temporal itself takes 2 MB. */
const inputBytesMax = 1_500_000;
const text = z.string().min(1).max(workflowIdLengthMax);

const runContext = z.object({
  runId: text,
  execution: text,
  planDigest: z.string().regex(/^[0-9a-f]{64}$/, 'no SHA-256'),
  epoch: z.int().min(0),
  holdersAccepted: z.int().min(1).optional(),
});

const input = z.looseObject({
  run: runContext.optional(),
  site: identifier.optional(),
  sites: z.array(identifier).max(100).optional(),
});

export interface ActivityInput {
  /** Absent for an activity that works for no run: it loads the plan. */
  readonly run?: RunContext | undefined;
  readonly site?: string | undefined;
}

/** The one argument of an activity. Throws `refused` when it cannot be read. */
export function readActivityInput(activity: string, args: readonly unknown[]): ActivityInput {
  const [first, ...others] = args;
  const size = JSON.stringify(first ?? {}).length;
  const parsed = input.safeParse(first);
  const problem =
    others.length > 0
      ? 'it has more than one argument'
      : size > inputBytesMax
        ? `it has ${size} characters, and ${inputBytesMax} are the most`
        : parsed.error?.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`).join('; ');
  if (problem === undefined) return first as ActivityInput;
  throw failure('refused', {
    happened: `The input of ${activity} cannot be used: ${problem}.`,
    leftAs: 'Nothing was done.',
    next: 'Start a run as docs/client.md says; activities are no interface of their own.',
  });
}
