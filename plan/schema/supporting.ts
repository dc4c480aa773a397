/** Parts of the plan that no procedure uses yet: they are checked, and carried as data. */
import { z } from 'zod';
import { duration, identifier, percent } from './common.ts';

const id = identifier.describe('Id of the entry.');
const name = z.string().describe('Name for people.');

export const staffingLevel = z
  .strictObject({
    level: z.int().min(0).max(3).describe('The level.'),
    name,
    roles: z
      .array(
        z.strictObject({
          role: z.string().describe('What the person does.'),
          count: z.int().min(1).describe('How many are needed.'),
          within: duration.describe('How soon.'),
        }),
      )
      .min(1)
      .describe('Who is needed.'),
  })
  .describe('How many people an incident takes.');

export const backup = z
  .strictObject({
    id,
    method: z.string().describe('How it is made.'),
    frequency: duration.optional().describe('How often it is made. Absent: continuous.'),
    retention: z.string().describe('How long it is kept.'),
    recoveryPoint: duration.optional().describe('How much work it may leave out.'),
  })
  .describe('A backup.');

export const scenario = z
  .strictObject({
    id,
    name,
    description: z.string().describe('What is assumed to have happened.'),
    timesPerYear: z.int().min(1).describe('How often it is drilled, times a year.'),
    participants: z.array(z.string()).min(1).describe('Who takes part.'),
    steps: z.array(z.string()).min(1).describe('What is done.'),
  })
  .describe('What a drill exercises.');

export const checklist = z
  .strictObject({
    id,
    name,
    due: duration.optional().describe('When all of it is done, from the start of the incident.'),
    items: z
      .array(z.strictObject({ title: z.string().describe('What it is about.'), tasks: z.array(z.string()).min(1).describe('What to do.') }))
      .min(1)
      .describe('What is ticked off.'),
  })
  .describe('What people tick off.');

export const review = z
  .strictObject({
    agenda: z.array(z.string()).min(1).describe('What is talked about.'),
    participants: z.array(z.string()).min(1).describe('Who takes part.'),
    deliverables: z.array(z.string()).min(1).describe('What comes out of it.'),
    deadlines: z
      .strictObject({
        initial: duration.describe('For the first meeting.'),
        full: duration.describe('For the whole review.'),
        actions: duration.describe('For what was decided there.'),
      })
      .describe('Deadlines from the end of the incident.'),
  })
  .describe('The review after an incident.');

export const team = z
  .strictObject({
    id,
    name,
    lead: z.string().describe('Who leads it.'),
    members: z.array(z.string()).describe('Who is in it.'),
    responsibilities: z.array(z.string()).min(1).describe('What it does.'),
  })
  .describe('A team of the response.');

export const record = z
  .strictObject({
    drills: z
      .array(
        z.strictObject({
          date: z.iso.date().describe('Day of the drill.'),
          scenario: z.string().describe('Id of the scenario.'),
          duration: duration.describe('How long the drill took.'),
          failoverTime: duration.describe('How long the failover took.'),
          success: z.boolean().describe('Whether it reached its end.'),
          dataConsistent: z.boolean().describe('Whether the data was whole.'),
        }),
      )
      .describe('Drills so far.'),
    compliance: z
      .array(
        z.strictObject({
          id,
          targetPercent: percent.describe('What is aimed at.'),
          currentPercent: percent.describe('What is so.'),
          trend: z.string().describe('Where it goes.'),
        }),
      )
      .describe('Figures of compliance.'),
  })
  .describe('What is on record so far.');
