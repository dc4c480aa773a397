/** Who is told what and how, and which findings of the lint people have accepted. */
import { z } from 'zod';
import { duration, identifier, path, url } from './common.ts';

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

export const acceptedFinding = z
  .strictObject({
    rule: identifier.describe('Name of the rule.'),
    path: z.string().describe('Where in the plan, as `dr plan check` prints it.'),
    note: z.string().describe('Heading in docs/plan-notes.md, or in plan-notes.md beside the plan, that says why it may stay.'),
  })
  .describe('A finding of the lint that people have looked at and accepted.');
