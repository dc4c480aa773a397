/** Who and what the plan protects: sites, functions, objectives, people, escalation. */
import { z } from 'zod';
import { identifier, line, money, percent, text } from './common.ts';
import { objective } from './objective.ts';
import { countIn, durationIn, listOf } from './ranges.ts';

export const header = z
  .strictObject({
    name: identifier.describe('Name of the plan.'),
    title: line.describe('Title for people.'),
    organisation: line.describe('Whose plan it is.'),
    version: z
      .string()
      .max(32)
      .regex(/^\d+\.\d+\.\d+$/, 'write a semantic version such as 3.0.0')
      .meta({ description: 'Semantic version, such as 3.0.0.', examples: ['3.0.0'] }),
    reviewedOn: z.iso.date().meta({ description: 'Day of the last review by people.', examples: ['2026-02-02'] }),
  })
  .describe('What the plan is called.');

export const category = objective
  .extend({
    id: identifier.describe('Id of the category.'),
    name: line.describe('Name for people.'),
    examples: listOf(line, { min: 1, max: 50 }, 'Disasters of this kind.'),
  })
  .describe('A kind of disaster, with its own objectives.');

export const objectives = z
  .strictObject({
    overall: objective
      .extend({ coveragePercent: percent.describe('Share of the critical functions that the objectives hold for.') })
      .describe('What is promised for all critical functions.'),
    categories: listOf(category, { min: 1, max: 50 }, 'Objectives by kind of disaster.'),
  })
  .describe('What the organisation promises.');

export const site = z
  .strictObject({
    id: identifier.describe('Id of the site.'),
    name: line.describe('Name for people.'),
    role: z.enum(['primary', 'secondary', 'tertiary', 'dr']).describe('Part of the site in the plan; exactly one is the primary.'),
    status: z.enum(['active', 'standby', 'cold']).describe('What the site does from day to day.'),
    capacity: z
      .strictObject({
        baselinePercent: percent.describe('Share of the full production load that it carries before a failover.'),
        failoverPercent: percent.describe('Share that it must carry after one; a failover raises it to this before the promotion.'),
        scope: z.enum(['all', 'critical']).describe('Whether it serves all functions or the critical ones.'),
      })
      .describe('Share of the full production load that the site carries without and after a failover.'),
    redundancy: line.describe('How the site is kept up to date.'),
    provider: line.describe('Who runs it, and in which region.'),
    targetOf: listOf(
      z.enum(['regionalFailover', 'coldStart', 'failback']),
      { max: 3 },
      'Procedures that may make this site the target. A site other than the primary that no procedure targets is an error.',
    ),
  })
  .describe('A place where the system can run.');

export const businessFunction = objective
  .extend({
    id: identifier.describe('Id of the function; probes and reports name it.'),
    name: line.describe('Name for people.'),
    tier: countIn({ from: 1, to: 3, why: 'a run verifies three tiers, one after another' }, 'How critical it is: 1 is verified before all others.'),
    dependsOn: listOf(identifier, { max: 50 }, 'Ids of the functions that it cannot work without; absent: none.').optional(),
    dependency: text.describe('What else it cannot work without, in words.'),
    team: line.describe('Who answers for it.'),
    annualCostOfDowntime: money
      .optional()
      .describe('Cost of one year of continuous outage; a shorter outage costs its share. Absent where there is no figure.'),
    reducedFeatures: text
      .optional()
      .describe('What may be missing while the function still counts as recovered, as `degraded`. Absent: nothing may be missing.'),
  })
  .describe('What the business needs back, and how soon.');

const points = (what: string) => countIn({ from: 0, to: 1000, why: 'points add up, and none makes an incident less severe', example: 100 }, what);

const fromScore = (what: string) => countIn({ from: 0, to: 3000, why: 'that is what all points together can reach', example: 100 }, what);

export const severity = z
  .strictObject({
    scores: z
      .strictObject({
        primaryDown: points('Points when the primary site is down.'),
        dataLoss: points('Points when acknowledged data is lost, or cannot be shown to be safe.'),
        networkOutage: points('Points when observers cannot reach each other, or the site answers some of them only.'),
      })
      .describe('What adds to the severity score of an incident.'),
    sourceRule: listOf(
      z.strictObject({ fromScore: fromScore('The action is meant from this score on.'), action: line.describe('What the source would do.') }),
      { min: 1, max: 20 },
      "The source document's decision rule, kept so that the gate can show where it differs from ours.",
    ),
  })
  .describe('How severe an incident is.');

export const escalationLevel = z
  .strictObject({
    level: countIn({ from: 0, to: 3, why: 'there are four levels' }, 'The level; higher is more severe.'),
    fromScore: fromScore('The level is called when the score reaches this value.'),
    triggers: listOf(line, { min: 1, max: 50 }, 'What calls the level, for people.'),
    responders: listOf(identifier, { min: 1, max: 50 }, 'People, groups or contacts that are called.'),
    responseTime: durationIn({ from: 'PT0S', to: 'P7D', why: 'at once, and no incident waits for a week', example: 'PT15M' }, 'How soon they answer.'),
    channels: listOf(identifier, { min: 1, max: 50 }, 'Channels, or media of channels, by which they are called.'),
  })
  .describe('Who is called from which score on.');

export const person = z
  .strictObject({
    id: identifier.describe('Id under which the person votes.'),
    name: line.describe('Full name.'),
    title: line.describe('Office in the organisation.'),
    email: z
      .email()
      .max(254)
      .meta({ description: 'Where messages go.', examples: ['ada@example.com'] }),
    phone: z
      .string()
      .max(32)
      .regex(/^\+?[0-9-]+$/, 'write a number of digits and dashes, such as +1-555-0100')
      .optional()
      .describe('Where the person is reached at night. Needed for everybody who may vote or is called by an escalation level.'),
  })
  .describe('Somebody who decides, works or is told.');

export const group = z
  .strictObject({
    id: identifier.describe('Id of the group.'),
    name: line.describe('Name for people.'),
    members: listOf(identifier, { min: 1, max: 200 }, 'Ids of people.'),
  })
  .describe('People under one name.');

export type Site = z.infer<typeof site>;
export type BusinessFunction = z.infer<typeof businessFunction>;
export type Category = z.infer<typeof category>;
export type Person = z.infer<typeof person>;
export type Group = z.infer<typeof group>;
export type EscalationLevel = z.infer<typeof escalationLevel>;
