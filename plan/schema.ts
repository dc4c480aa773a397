/**
 * The schema of a disaster recovery plan: one organisation's plan as data.
 * zod and types only, nothing of Node: workflows and client import it.
 */
import { z } from 'zod';
import { identifier } from './schema/common.ts';
import { listOf } from './schema/ranges.ts';
import { acceptedFinding, communication, contact } from './schema/communication.ts';
import { estate } from './schema/estate.ts';
import { businessFunction, escalationLevel, group, header, objectives, person, severity, site } from './schema/organisation.ts';
import { procedures } from './schema/procedures.ts';
import { backup, checklist, record, review, scenario, staffingLevel, team } from './schema/supporting.ts';

export const planSchema = z.strictObject({
  plan: header,
  objectives,
  sites: listOf(site, { min: 2, max: 32 }, 'Places where the system can run.'),
  functions: listOf(businessFunction, { min: 1, max: 200 }, 'What the business needs back, and how soon.'),
  severity,
  escalation: listOf(escalationLevel, { min: 1, max: 4 }, 'Who is called from which score on.'),
  people: listOf(person, { min: 1, max: 500 }, 'Who decides, works or is told.'),
  groups: listOf(group, { min: 1, max: 100 }, 'People under one name.'),
  procedures,
  estate,
  communication,
  contacts: listOf(contact, { max: 200 }, 'Mailboxes and suppliers.'),
  teams: listOf(team, { max: 100 }, 'Teams of the response.'),
  staffing: listOf(staffingLevel, { max: 4 }, 'How many people an incident takes, by level.'),
  backups: listOf(backup, { max: 100 }, 'Backups.'),
  scenarios: listOf(scenario, { max: 100 }, 'What drills exercise.'),
  checklists: listOf(checklist, { max: 100 }, 'What people tick off.'),
  review,
  record,
  acceptedFindings: listOf(acceptedFinding, { max: 200 }, 'Findings of the lint that people have looked at and accepted.'),
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

export type { Duration, Endpoint, Money, SecretReference } from './schema/common.ts';
export type { Gradual } from './schema/gradual.ts';
export type { Objective } from './schema/objective.ts';
export type { BusinessFunction, Category, EscalationLevel, Group, Person, Site } from './schema/organisation.ts';
export type { Gate, Procedure, ProcedureName, Step } from './schema/procedures.ts';
export type { Estate, EstateSite, FunctionProbe } from './schema/estate.ts';
