/**
 * Building blocks that every part of the plan's schema uses. Pure: nothing of Node, so that workflows may import it.
 * What a field means stands in its `describe`, so that one sentence serves the code, the editor (plan/plan.schema.json) and the reference page.
 */
import { z } from 'zod';

export const identifier = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'use lower-case letters, digits and single dashes, starting with a letter')
  // It reaches shells, SQL and file names, so nothing else is let in.
  .describe('A name in kebab case: lower-case letters, digits and single dashes, starting with a letter.');

export const duration = z
  .string()
  // Months and years have no fixed length and are refused.
  .regex(/^P(?=\d|T\d)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/, 'write an ISO 8601 duration such as PT4H, PT15M or PT1M30S')
  .describe('An ISO 8601 duration of days, hours, minutes and seconds, such as PT4H or PT1M30S.');

export const host = z
  .string()
  .max(253)
  // Refused here, before anything can be run.
  .regex(
    /^([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?)*\.?$|^[0-9a-fA-F:]+$/,
    'write a host name or an IP address, without scheme, port, spaces or shell characters',
  )
  .describe('A DNS name or an IP address, without scheme, port, spaces or shell characters.');

export const port = z.int().min(1).max(65535).describe('A TCP or UDP port.');

export const endpoint = z.strictObject({ host, port }).describe('Where something listens.');

export const secretReference = z
  .string()
  .regex(/^(env:[A-Z_][A-Z0-9_]*|file:[^\s]+)$/, 'write a reference such as env:DB_PASSWORD or file:/run/secrets/db, never the secret itself')
  .describe('A reference to a secret, env:NAME or file:PATH. The value itself never stands in a plan, a history or a log.');

export const path = z
  .string()
  .regex(/^[A-Za-z0-9_./-]+$/, 'write a path in letters, digits, dots, dashes and slashes')
  .describe("An absolute path, or one below the plan's folder, in plain characters.");

/** zod does not carry the protocol into a JSON Schema. */
export const url = z.url({ protocol: /^https?$/ }).meta({ description: 'An http or https address.', pattern: '^https?://' });

export const percent = z.int().min(0).max(100).describe('A share of the whole, in per cent.');

export const money = z
  .strictObject({
    amount: z.number().min(0).describe('How much, in whole units of the currency.'),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .describe('ISO 4217 code, such as USD.'),
  })
  .describe('An amount of money.');

export const objective = z
  .strictObject({
    rto: duration.describe('Recovery time objective: from the first failed observation to service for customers.'),
    rpo: duration.describe('Recovery point objective: how much acknowledged work may be lost, in time.'),
    mtd: duration.describe('Maximum tolerable downtime: where the business is in danger.'),
  })
  .describe('The three figures that a disaster category or a function is held to.');

export type Duration = z.infer<typeof duration>;
export type Endpoint = z.infer<typeof endpoint>;
export type Objective = z.infer<typeof objective>;
export type Money = z.infer<typeof money>;
export type SecretReference = z.infer<typeof secretReference>;
