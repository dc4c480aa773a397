/** Parts of the plan that procedures to come will use, carried as checked data. */
import { z } from 'zod';
import { duration, identifier, path, percent, url } from './common.ts';

const id = identifier.describe('Id of the entry.');
const name = z.string().describe('Name for people.');
const audience = z.enum(['internal', 'customers', 'public']);

export const contact = z
  .strictObject({
    id: identifier.describe('Id of the contact; escalation levels may name it.'),
    name,
    phone: z.string().optional().describe('Telephone number.'),
    email: z.email().optional().describe('E-mail address.'),
    availability: z.string().optional().describe('When somebody answers.'),
  })
  .describe('Somebody outside the groups: a mailbox, a supplier.');

export const channel = z
  .strictObject({
    id: identifier.describe('Id of the channel; escalation levels name it, or one of its media.'),
    name,
    audience: audience.describe('Who is told by it.'),
    media: z.array(z.string()).min(1).describe('Means, such as email or sms.'),
    groups: z.array(identifier).describe('Groups that are reached by it; none where a page is looked at.'),
    useCase: z.string().describe('What it is for.'),
    url: url.optional().describe('Where the channel is looked at.'),
    updateInterval: duration.optional().describe('How often it is updated.'),
  })
  .describe('A way to tell people.');

export const template = z
  .strictObject({
    id: identifier.describe('Id of the template.'),
    name,
    audience: audience.describe('Who it is written for.'),
    subject: z.string().optional().describe('Subject line, with placeholders.'),
    file: path.describe("Mustache file below the plan's folder."),
    placeholders: z.array(z.string().regex(/^[a-z][a-zA-Z0-9]*$/)).describe('Names that stand in the subject or the file in double braces.'),
  })
  .describe('A message with gaps.');

export const communication = z
  .strictObject({
    channels: z.array(channel).min(1).describe('Ways to tell people.'),
    templates: z.array(template).min(1).describe('Messages with gaps.'),
    timeline: z
      .array(z.strictObject({ after: duration.describe('Time since the start of an incident.'), tasks: z.array(z.string()).min(1).describe('What is due.') }))
      .describe('What is due how long after the start of an incident.'),
    stakeholders: z
      .strictObject({ groups: z.array(identifier).min(1).describe('Who gets the message.'), template: identifier.describe('Which template it is made from.') })
      .describe('The message at the end of a regional failover.'),
  })
  .describe('Who is told what, how, and when.');

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

export const acceptedFinding = z
  .strictObject({
    rule: identifier.describe('Name of the rule.'),
    path: z.string().describe('Where in the plan, as `dr plan check` prints it.'),
    note: z.string().describe('Heading in docs/plan-notes.md, or in plan-notes.md beside the plan, that says why it may stay.'),
  })
  .describe('A finding of the lint that people have looked at and accepted.');
