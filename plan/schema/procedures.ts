/** The runbooks as data: steps with bounds, gates with electorate, quorum and deadline. */
import { z } from 'zod';
import { duration, identifier } from './common.ts';

export const step = z
  .strictObject({
    id: identifier.describe('Id by which the workflow knows the step.'),
    name: z.string().describe('What the step does, for people.'),
    bound: duration.describe('The longest the step may take before it counts as failed; its undo has the same.'),
    critical: z.boolean().describe('A critical step that fails for good stops the run and asks people; another one is noted and the run goes on.'),
    skippable: z.boolean().describe('Whether people may skip the step, with a reason, after it failed.'),
    gateBefore: identifier.optional().describe('A gate of this procedure that opens before the step.'),
  })
  .describe('One line of the runbook.');

export const gate = z
  .strictObject({
    id: identifier.describe('Id of the gate: that of a step, one that a step names in gateBefore, or accepted-risk or failed-step.'),
    question: z
      .string()
      .describe(
        'The question in one line, as it is put to people where the gate stands before a step; what a run needs to know at its own gates it asks with names and figures.',
      ),
    electorate: z.array(identifier).min(1).describe('Groups whose members may vote. Whoever started the run does not vote.'),
    quorum: z.int().min(1).describe('How many distinct people must agree.'),
    deadline: duration.describe('How long the gate stays open. Silence ends it as `expired` and never means yes.'),
  })
  .describe('A point where people decide.');

export const procedure = z
  .strictObject({
    title: z.string().describe('Title for people.'),
    section: z.string().describe('Section of the source document that this procedure replaces.'),
    steps: z.array(step).min(1).describe('The steps, in the order of a run.'),
    pointOfNoReturn: identifier.describe('The first step after which a run only goes forward.'),
    gates: z.array(gate).min(1).describe('Where people decide.'),
    watch: duration.describe('How long the run watches the recovered service before it reports.'),
  })
  .describe('A runbook.');

export const procedures = z
  .strictObject({ regionalFailover: procedure.describe('Moves the service from a failed site to another one.') })
  .describe('The runbooks.');

export type Step = z.infer<typeof step>;
export type Gate = z.infer<typeof gate>;
export type Procedure = z.infer<typeof procedure>;
export type ProcedureName = keyof z.infer<typeof procedures>;
