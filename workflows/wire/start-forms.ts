/** What starts a workflow, read by a schema before anything is made of it: stock clients send whatever they like. */
import { z } from 'zod';
import { beginning } from '../../plan/rules/cut.ts';
import { identifier } from '../../plan/schema/common.ts';
import { workflowIdLengthMax } from './ids.ts';
import { lengthsMax } from './message-forms.ts';
import { modeNames } from '../../report/report.ts';

/** Longest excerpt of a wrong value in a sentence. */
const shownMax = 40;

/** Text of one line, as people write it. */
export const line = (max: number) =>
  z
    .string('write a text')
    .max(max, `write at most ${max} characters`)
    .refine((text) => text.trim() !== '', 'write a text')
    .refine((text) => !/\p{Cc}/u.test(text), 'write one line, without control characters');

const digest = z.string('write a text').regex(/^[0-9a-f]{64}$/, 'write the 64 hexadecimal digits that dr plan show prints');
/** Name of a site or an estate. */
export const name = z.string('write a text').max(lengthsMax.name, `write at most ${lengthsMax.name} characters`).pipe(identifier);

/** With a zone: without one it would be another moment on each worker's machine. */
const isPast = (text: string) => z.iso.datetime({ offset: true }).safeParse(text).success && Date.parse(text) <= Date.now();

/** When something began that goes on, in RFC 3339. */
export const pastMoment = z
  .string('write a text')
  .max(lengthsMax.name, 'write RFC 3339')
  .refine(isPast, { error: ({ input }) => `${excerpt(input)} is not a time in the past; write RFC 3339, such as 2026-05-04T13:37:00Z` });

/** What the input of every procedure has. */
export const startInput = z.strictObject({
  estate: name,
  mode: z.enum(modeNames, {
    error: ({ input }) => `there is no mode ${excerpt(input)}; write ${modeNames.join(' or ')}`,
  }),
  startedBy: line(lengthsMax.name),
  planDigest: digest.optional(),
});

/** Input of `assessment`. */
export const assessmentInput = z.strictObject({ estate: name, from: name, planDigest: digest.optional() });

/** Input of `estateCheck`. */
export const estateCheckInput = z.strictObject({ estate: name, planDigest: digest.optional() });

/** Input of `restorePoints`. */
export const restorePointsInput = estateCheckInput;

/** Input of `fenceOnReturn`, which a run gives. */
export const watchInput = z.looseObject({
  run: z.looseObject({
    runId: line(workflowIdLengthMax),
    execution: line(workflowIdLengthMax),
    planDigest: digest,
    epoch: z.int().min(1),
    holdersAccepted: z.int().min(1).optional(),
    from: name.optional(),
  }),
  snapshot: z.looseObject({ digest, plan: z.looseObject({ estate: z.looseObject({ sites: z.record(z.string(), z.unknown()) }) }) }),
  site: name,
  pollSeconds: z.number().min(0.1).max(86_400),
});

function excerpt(value: unknown): string {
  return JSON.stringify(beginning(String(value), shownMax));
}
