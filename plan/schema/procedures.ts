/** The runbooks as data: steps with bounds, gates with electorate, quorum and deadline. */
import { z } from 'zod';
import { duration, identifier } from './common.ts';

export const step = z.strictObject({
  id: identifier,
  /** What the step does, for people. */
  name: z.string(),
  /** The longest the step may take before it counts as failed. */
  bound: duration,
  /** A critical step that fails for good stops the run and asks people; another one is noted and the run goes on. */
  critical: z.boolean(),
  /** Whether people may skip the step, with a reason, after it failed. */
  skippable: z.boolean(),
  /** A gate of this procedure that opens before the step. */
  gateBefore: identifier.optional(),
});

export const gate = z.strictObject({
  id: identifier,
  /** The question in one line, as it is put to people where the gate stands before a step; what a run needs to know at its own gates it asks with names and figures. */
  question: z.string(),
  /** Groups whose members may vote. Whoever started the run does not vote. */
  electorate: z.array(identifier).min(1),
  /** How many distinct people must agree. */
  quorum: z.int().min(1),
  /** How long the gate stays open. Silence ends it as `expired` and never means yes. */
  deadline: duration,
});

export const procedure = z.strictObject({
  title: z.string(),
  /** Section of the source document that this procedure replaces. */
  section: z.string(),
  steps: z.array(step).min(1),
  /** The first step after which a run only goes forward. */
  pointOfNoReturn: identifier,
  gates: z.array(gate).min(1),
  /** How long the run watches the recovered service before it reports. */
  watch: duration,
});

export const procedures = z.strictObject({ regionalFailover: procedure });

export type Step = z.infer<typeof step>;
export type Gate = z.infer<typeof gate>;
export type Procedure = z.infer<typeof procedure>;
export type ProcedureName = keyof z.infer<typeof procedures>;
