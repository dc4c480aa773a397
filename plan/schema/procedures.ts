/** The runbooks as data: steps with bounds, gates with electorate, quorum and deadline. */
import { z } from 'zod';
import { type ProcedureName, procedureNames } from '../catalogue/names.ts';
import { identifier, line } from './common.ts';
import { countIn, durationIn, listOf } from './ranges.ts';

export const step = z
  .strictObject({
    id: identifier.describe('Id by which the workflow knows the step.'),
    name: line.describe('What the step does, for people.'),
    bound: durationIn(
      { from: 'PT1S', to: 'P1D', why: 'no step ends in less, and one that may hang for longer than a day has no bound', example: 'PT1M' },
      'The longest the step may take before it counts as failed; its undo has the same.',
    ),
    critical: z.boolean().describe('A critical step that fails for good stops the run and asks people; another one is noted and the run goes on.'),
    skippable: z.boolean().describe('Whether people may skip the step, with a reason, after it failed.'),
    gateBefore: identifier.optional().describe('A gate of this procedure that opens before the step.'),
  })
  .describe('One line of the runbook.');

export const gate = z
  .strictObject({
    id: identifier.describe('Id of the gate: that of a step, one that a step names in gateBefore, or accepted-risk or failed-step.'),
    question: line.describe(
      'The question in one line, as it is put to people where the gate stands before a step; what a run needs to know at its own gates it asks with names and figures.',
    ),
    electorate: listOf(identifier, { min: 1, max: 50 }, 'Groups whose members may vote. Whoever started the run does not vote.'),
    quorum: countIn({ from: 1, to: 50, why: 'silence never means yes, and more people are not asked in time' }, 'How many distinct people must agree.'),
    deadline: durationIn(
      { from: 'PT30S', to: 'P1D', why: 'nobody reads the evidence in less, and an open question holds the whole recovery', example: 'PT15M' },
      'How long the gate stays open. Silence ends it as `expired` and never means yes.',
    ),
  })
  .describe('A point where people decide.');

export const procedure = z
  .strictObject({
    title: line.describe('Title for people.'),
    section: line.describe('Section of the source document that this procedure replaces.'),
    steps: listOf(step, { min: 1, max: 100 }, 'The steps, in the order of a run.'),
    pointOfNoReturn: identifier.describe('The first step after which a run only goes forward.'),
    gates: listOf(gate, { min: 1, max: 50 }, 'Where people decide.'),
    watch: durationIn(
      { from: 'PT1S', to: 'P1D', why: 'a relapse is seen by at least one look, and whoever waits for the report waits no longer than a day', example: 'PT10M' },
      'How long the run watches the recovered service before it reports.',
    ),
  })
  .describe('A runbook.');

/** Every plan has the failover, and of the others those that its estate is to have. */
type Runbooks = { regionalFailover: typeof procedure } & { [Name in Exclude<ProcedureName, 'regionalFailover'>]: z.ZodOptional<typeof procedure> };

const runbooks = Object.fromEntries(
  Object.entries(procedureNames).map(([name, does]) => {
    const described = procedure.describe(does);
    return [name, name === 'regionalFailover' ? described : described.optional()];
  }),
) as unknown as Runbooks;

export const procedures = z.strictObject(runbooks).describe('The runbooks.');

export type Step = z.infer<typeof step>;
export type Gate = z.infer<typeof gate>;
export type Procedure = z.infer<typeof procedure>;
export type { ProcedureName } from '../catalogue/names.ts';
