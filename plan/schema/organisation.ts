/** Who and what the plan protects: sites, functions, objectives, people, escalation. */
import { z } from 'zod';
import { duration, identifier, money, objective, percent } from './common.ts';

export const header = z
  .strictObject({
    name: identifier.describe('Name of the plan.'),
    title: z.string().describe('Title for people.'),
    organisation: z.string().describe('Whose plan it is.'),
    version: z
      .string()
      .regex(/^\d+\.\d+\.\d+$/, 'write a semantic version such as 3.0.0')
      .describe('Semantic version, such as 3.0.0.'),
    reviewedOn: z.iso.date().describe('Day of the last review by people.'),
  })
  .describe('What the plan is called.');

export const category = objective
  .extend({
    id: identifier.describe('Id of the category.'),
    name: z.string().describe('Name for people.'),
    examples: z.array(z.string()).min(1).describe('Disasters of this kind.'),
  })
  .describe('A kind of disaster, with its own objectives.');

export const objectives = z
  .strictObject({
    overall: objective
      .extend({ coveragePercent: percent.describe('Share of the critical functions that the objectives hold for.') })
      .describe('What is promised for all critical functions.'),
    categories: z.array(category).min(1).describe('Objectives by kind of disaster.'),
  })
  .describe('What the organisation promises.');

export const site = z
  .strictObject({
    id: identifier.describe('Id of the site.'),
    name: z.string().describe('Name for people.'),
    role: z.enum(['primary', 'secondary', 'tertiary', 'dr']).describe('Part of the site in the plan; exactly one is the primary.'),
    status: z.enum(['active', 'standby', 'cold']).describe('What the site does from day to day.'),
    capacity: z
      .strictObject({
        baselinePercent: percent.describe('Share of the full production load that it carries before a failover.'),
        failoverPercent: percent.describe('Share that it must carry after one; a failover raises it to this before the promotion.'),
        scope: z.enum(['all', 'critical']).describe('Whether it serves all functions or the critical ones.'),
      })
      .describe('Share of the full production load that the site carries without and after a failover.'),
    redundancy: z.string().describe('How the site is kept up to date.'),
    provider: z.string().describe('Who runs it, and in which region.'),
    targetOf: z
      .array(z.enum(['regionalFailover', 'coldStart', 'failback']))
      .describe('Procedures that may make this site the target. A site that no procedure targets is a finding of the lint.'),
  })
  .describe('A place where the system can run.');

export const businessFunction = objective
  .extend({
    id: identifier.describe('Id of the function; probes and reports name it.'),
    name: z.string().describe('Name for people.'),
    tier: z.int().min(1).max(3).describe('How critical it is: 1 is verified before all others.'),
    dependency: z.string().describe('What it cannot work without.'),
    team: z.string().describe('Who answers for it.'),
    annualCostOfDowntime: money
      .optional()
      .describe('Cost of one year of continuous outage; a shorter outage costs its share. Absent where there is no figure.'),
    reducedFeatures: z
      .string()
      .optional()
      .describe('What may be missing while the function still counts as recovered, as `degraded`. Absent: nothing may be missing.'),
  })
  .describe('What the business needs back, and how soon.');

const fromScore = z.int().min(0);

export const severity = z
  .strictObject({
    scores: z
      .strictObject({
        primaryDown: z.int().describe('Points when the primary site is down.'),
        dataLoss: z.int().describe('Points when acknowledged data is lost, or cannot be shown to be safe.'),
        networkOutage: z.int().describe('Points when observers cannot reach each other, or the site answers some of them only.'),
      })
      .describe('What adds to the severity score of an incident.'),
    sourceRule: z
      .array(
        z.strictObject({ fromScore: fromScore.describe('The action is meant from this score on.'), action: z.string().describe('What the source would do.') }),
      )
      .min(1)
      .describe("The source document's decision rule, kept so that the gate can show where it differs from ours."),
  })
  .describe('How severe an incident is.');

export const escalationLevel = z
  .strictObject({
    level: z.int().min(0).max(3).describe('The level; higher is more severe.'),
    fromScore: fromScore.describe('The level is called when the score reaches this value.'),
    triggers: z.array(z.string()).min(1).describe('What calls the level, for people.'),
    responders: z.array(identifier).min(1).describe('People, groups or contacts that are called.'),
    responseTime: duration.describe('How soon they answer.'),
    channels: z.array(identifier).min(1).describe('Channels, or media of channels, by which they are called.'),
  })
  .describe('Who is called from which score on.');

export const person = z
  .strictObject({
    id: identifier.describe('Id under which the person votes.'),
    name: z.string().describe('Full name.'),
    title: z.string().describe('Office in the organisation.'),
    email: z.email().describe('Where messages go.'),
    phone: z
      .string()
      .regex(/^\+?[0-9-]+$/)
      .optional()
      .describe('Where the person is reached at night. Needed for everybody who may vote or is called by an escalation level.'),
  })
  .describe('Somebody who decides, works or is told.');

export const group = z
  .strictObject({
    id: identifier.describe('Id of the group.'),
    name: z.string().describe('Name for people.'),
    members: z.array(identifier).min(1).describe('Ids of people.'),
  })
  .describe('People under one name.');

export type Site = z.infer<typeof site>;
export type BusinessFunction = z.infer<typeof businessFunction>;
export type Category = z.infer<typeof category>;
export type Person = z.infer<typeof person>;
export type Group = z.infer<typeof group>;
export type EscalationLevel = z.infer<typeof escalationLevel>;
