/**
 * The schema of a disaster recovery plan: one organisation's plan as data.
 * zod and types only, nothing of Node: workflows and client import it.
 */
import { z } from 'zod';
import { identifier } from './schema/common.ts';
import { acceptedFinding, communication, contact } from './schema/communication.ts';
import { estate } from './schema/estate.ts';
import { businessFunction, escalationLevel, group, header, objectives, person, severity, site } from './schema/organisation.ts';
import { procedures } from './schema/procedures.ts';
import { backup, checklist, record, review, scenario, staffingLevel, team } from './schema/supporting.ts';

export const planSchema = z.strictObject({
  plan: header,
  objectives,
  sites: z.array(site).min(2).describe('Places where the system can run.'),
  functions: z.array(businessFunction).min(1).describe('What the business needs back, and how soon.'),
  severity,
  escalation: z.array(escalationLevel).min(1).describe('Who is called from which score on.'),
  people: z.array(person).min(1).describe('Who decides, works or is told.'),
  groups: z.array(group).min(1).describe('People under one name.'),
  procedures,
  estate,
  communication,
  contacts: z.array(contact).describe('Mailboxes and suppliers.'),
  teams: z.array(team).describe('Teams of the response.'),
  staffing: z.array(staffingLevel).describe('How many people an incident takes, by level.'),
  backups: z.array(backup).describe('Backups.'),
  scenarios: z.array(scenario).describe('What drills exercise.'),
  checklists: z.array(checklist).describe('What people tick off.'),
  review,
  record,
  acceptedFindings: z.array(acceptedFinding).describe('Findings of the lint that people have looked at and accepted.'),
});

/** A whole plan, checked. */
export type Plan = z.infer<typeof planSchema>;

/** A plan with the SHA-256 digest of its content, as a run carries it from its start to its end. */
export interface PlanSnapshot {
  readonly plan: Plan;
  /** Lower-case hexadecimal SHA-256 of the plan's canonical JSON. */
  readonly digest: string;
}

export const siteId = identifier;
export type SiteId = z.infer<typeof siteId>;

export type { Duration, Endpoint, Money, Objective, SecretReference } from './schema/common.ts';
export type { BusinessFunction, Category, EscalationLevel, Group, Person, Site } from './schema/organisation.ts';
export type { Gate, Procedure, ProcedureName, Step } from './schema/procedures.ts';
export type { Estate, EstateSite, FunctionProbe } from './schema/estate.ts';
