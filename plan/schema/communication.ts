/** Who is told what and how, and which findings of the lint people have accepted. */
import { z } from 'zod';
import { identifier, line, path, text, url } from './common.ts';
import { durationIn, listOf } from './ranges.ts';

const name = line.describe('Name for people.');
const audience = z.enum(['internal', 'customers', 'public']);

export const contact = z
  .strictObject({
    id: identifier.describe('Id of the contact; escalation levels may name it.'),
    name,
    phone: line.optional().describe('Telephone number.'),
    email: z.email().max(254).optional().describe('E-mail address.'),
    availability: line.optional().describe('When somebody answers.'),
  })
  .describe('Somebody outside the groups: a mailbox, a supplier.');

export const channel = z
  .strictObject({
    id: identifier.describe('Id of the channel; escalation levels name it, or one of its media.'),
    name,
    audience: audience.describe('Who is told by it.'),
    media: listOf(line, { min: 1, max: 20 }, 'Means, such as email or sms.'),
    groups: listOf(identifier, { max: 50 }, 'Groups that are reached by it; none where a page is looked at.'),
    useCase: text.describe('What it is for.'),
    url: url.optional().describe('Where the channel is looked at.'),
    updateInterval: durationIn(
      { from: 'PT1M', to: 'P7D', why: 'nobody writes more often than each minute, and after a week nobody looks' },
      'How often it is updated.',
    ).optional(),
  })
  .describe('A way to tell people.');

export const template = z
  .strictObject({
    id: identifier.describe('Id of the template.'),
    name,
    audience: audience.describe('Who it is written for.'),
    subject: line.optional().describe('Subject line, with placeholders.'),
    file: path.describe("Mustache file below the plan's folder."),
    placeholders: listOf(
      z
        .string()
        .max(63)
        .regex(/^[a-z][a-zA-Z0-9]*$/, 'write a name of letters and digits, starting with a small letter'),
      { max: 50 },
      'Names that stand in the subject or the file in double braces.',
    ),
  })
  .describe('A message with gaps.');

export const communication = z
  .strictObject({
    channels: listOf(channel, { min: 1, max: 50 }, 'Ways to tell people.'),
    templates: listOf(template, { min: 1, max: 50 }, 'Messages with gaps.'),
    timeline: listOf(
      z.strictObject({
        after: durationIn({ from: 'PT0S', to: 'P366D', why: 'at once, up to the time when an incident is history' }, 'Time since the start of an incident.'),
        tasks: listOf(text, { min: 1, max: 50 }, 'What is due.'),
      }),
      { max: 50 },
      'What is due how long after the start of an incident.',
    ),
    stakeholders: z
      .strictObject({
        groups: listOf(identifier, { min: 1, max: 50 }, 'Who gets the message.'),
        template: identifier.describe('Which template it is made from.'),
      })
      .describe('The message at the end of a regional failover.'),
  })
  .describe('Who is told what, how, and when.');

export const acceptedFinding = z
  .strictObject({
    rule: identifier.describe('Name of the rule.'),
    path: line.describe('Where in the plan, as `dr plan check` prints it.'),
    note: line.describe('Heading in docs/plan-notes.md, or in plan-notes.md beside the plan, that says why it may stay.'),
  })
  .describe('A finding of the lint that people have looked at and accepted.');
