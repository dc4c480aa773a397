/** Parts of the plan that procedures to come will use, carried as checked data. */
import { z } from 'zod';
import { duration, identifier, path, percent, url } from './common.ts';

export const contact = z.strictObject({
  id: identifier,
  name: z.string(),
  phone: z.string().optional(),
  email: z.email().optional(),
  availability: z.string().optional(),
});

export const channel = z.strictObject({
  id: identifier,
  name: z.string(),
  audience: z.enum(['internal', 'customers', 'public']),
  media: z.array(z.string()).min(1),
  groups: z.array(identifier),
  useCase: z.string(),
  url: url.optional(),
  updateInterval: duration.optional(),
});

export const template = z.strictObject({
  id: identifier,
  name: z.string(),
  audience: z.enum(['internal', 'customers', 'public']),
  subject: z.string().optional(),
  /** Mustache file below the plan's folder. */
  file: path,
  placeholders: z.array(z.string().regex(/^[a-z][a-zA-Z0-9]*$/)),
});

export const communication = z.strictObject({
  channels: z.array(channel).min(1),
  templates: z.array(template).min(1),
  /** What is due how long after the start of an incident. */
  timeline: z.array(z.strictObject({ after: duration, tasks: z.array(z.string()).min(1) })),
  /** Group and template for the message at the end of a regional failover. */
  stakeholders: z.strictObject({ groups: z.array(identifier).min(1), template: identifier }),
});

export const staffingLevel = z.strictObject({
  level: z.int().min(0).max(3),
  name: z.string(),
  roles: z.array(z.strictObject({ role: z.string(), count: z.int().min(1), within: duration })).min(1),
});

export const backup = z.strictObject({
  id: identifier,
  method: z.string(),
  /** Absent: continuous. */
  frequency: duration.optional(),
  retention: z.string(),
  recoveryPoint: duration.optional(),
});

export const scenario = z.strictObject({
  id: identifier,
  name: z.string(),
  description: z.string(),
  /** Times a year. */
  timesPerYear: z.int().min(1),
  participants: z.array(z.string()).min(1),
  steps: z.array(z.string()).min(1),
});

export const checklist = z.strictObject({
  id: identifier,
  name: z.string(),
  due: duration.optional(),
  items: z.array(z.strictObject({ title: z.string(), tasks: z.array(z.string()).min(1) })).min(1),
});

export const review = z.strictObject({
  agenda: z.array(z.string()).min(1),
  participants: z.array(z.string()).min(1),
  deliverables: z.array(z.string()).min(1),
  deadlines: z.strictObject({ initial: duration, full: duration, actions: duration }),
});

export const team = z.strictObject({
  id: identifier,
  name: z.string(),
  lead: z.string(),
  members: z.array(z.string()),
  responsibilities: z.array(z.string()).min(1),
});

export const record = z.strictObject({
  drills: z.array(
    z.strictObject({ date: z.iso.date(), scenario: z.string(), duration, failoverTime: duration, success: z.boolean(), dataConsistent: z.boolean() }),
  ),
  compliance: z.array(z.strictObject({ id: identifier, targetPercent: percent, currentPercent: percent, trend: z.string() })),
});

/** A finding of the lint that people have looked at and accepted; `note` is a heading in docs/plan-notes.md. */
export const acceptedFinding = z.strictObject({ rule: identifier, path: z.string(), note: z.string() });
