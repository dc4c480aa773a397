/** Who and what the plan protects: sites, functions, objectives, people, escalation. */
import { z } from 'zod';
import { duration, identifier, money, objective, percent } from './common.ts';

export const header = z.strictObject({
  name: identifier,
  title: z.string(),
  organisation: z.string(),
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'write a semantic version such as 3.0.0'),
  /** Day of the last review by people. */
  reviewedOn: z.iso.date(),
});

export const category = objective.extend({ id: identifier, name: z.string(), examples: z.array(z.string()).min(1) });

export const objectives = z.strictObject({
  overall: objective.extend({ coveragePercent: percent }),
  categories: z.array(category).min(1),
});

export const site = z.strictObject({
  id: identifier,
  name: z.string(),
  role: z.enum(['primary', 'secondary', 'tertiary', 'dr']),
  status: z.enum(['active', 'standby', 'cold']),
  /** Share of full production load that the site carries without and after a failover. */
  capacity: z.strictObject({ baselinePercent: percent, failoverPercent: percent, scope: z.enum(['all', 'critical']) }),
  redundancy: z.string(),
  provider: z.string(),
  /** Procedures that may make this site the target. A site that no procedure targets is a finding of the lint. */
  targetOf: z.array(z.enum(['regionalFailover', 'coldStart', 'failback'])),
});

export const businessFunction = objective.extend({
  id: identifier,
  name: z.string(),
  tier: z.int().min(1).max(3),
  dependency: z.string(),
  team: z.string(),
  /** Cost of one year of continuous outage; a shorter outage costs its share. Absent where the source gives none. */
  annualCostOfDowntime: money.optional(),
  /** What may be missing while the function still counts as recovered, as `degraded`. Absent: nothing may be missing. */
  reducedFeatures: z.string().optional(),
});

/** What adds to the severity score of an incident, and from which score which escalation level is called. */
export const severity = z.strictObject({
  scores: z.strictObject({ primaryDown: z.int(), dataLoss: z.int(), networkOutage: z.int() }),
  /** The source document's decision rule, kept so that the gate can show where it differs from ours. */
  sourceRule: z.array(z.strictObject({ fromScore: z.int().min(0), action: z.string() })).min(1),
});

export const escalationLevel = z.strictObject({
  level: z.int().min(0).max(3),
  /** The level is called when the score reaches this value. */
  fromScore: z.int().min(0),
  triggers: z.array(z.string()).min(1),
  responders: z.array(identifier).min(1),
  responseTime: duration,
  channels: z.array(identifier).min(1),
});

export const person = z.strictObject({
  id: identifier,
  name: z.string(),
  title: z.string(),
  email: z.email(),
  phone: z
    .string()
    .regex(/^\+?[0-9-]+$/)
    .optional(),
});

export const group = z.strictObject({ id: identifier, name: z.string(), members: z.array(identifier).min(1) });

export type Site = z.infer<typeof site>;
export type BusinessFunction = z.infer<typeof businessFunction>;
export type Category = z.infer<typeof category>;
export type Person = z.infer<typeof person>;
export type Group = z.infer<typeof group>;
export type EscalationLevel = z.infer<typeof escalationLevel>;
