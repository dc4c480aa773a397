/** Building blocks that every part of the plan's schema uses. Pure: nothing of Node, so that workflows may import it. */
import { z } from 'zod';

/** A name in kebab case: letters, digits and dashes. It reaches shells, SQL and file names, so nothing else is let in. */
export const identifier = z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'use lower-case letters, digits and single dashes, starting with a letter');

/** An ISO 8601 duration of days, hours, minutes and seconds, such as `PT4H` or `PT1M30S`. Months and years have no fixed length and are refused. */
export const duration = z
  .string()
  .regex(/^P(?=\d|T\d)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/, 'write an ISO 8601 duration such as PT4H, PT15M or PT1M30S');

/** A DNS name or an IP address. Shell characters, spaces and URLs are refused here, before anything can be run. */
export const host = z
  .string()
  .max(253)
  .regex(
    /^([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?)*\.?$|^[0-9a-fA-F:]+$/,
    'write a host name or an IP address, without scheme, port, spaces or shell characters',
  );

/** A TCP or UDP port, 1–65535. */
export const port = z.int().min(1).max(65535);

/** Where something listens. */
export const endpoint = z.strictObject({ host, port });

/** A reference to a secret: `env:NAME` or `file:PATH`. The value itself never stands in a plan, a history or a log. */
export const secretReference = z
  .string()
  .regex(/^(env:[A-Z_][A-Z0-9_]*|file:[^\s]+)$/, 'write a reference such as env:DB_PASSWORD or file:/run/secrets/db, never the secret itself');

/** An absolute path, or one below the plan's folder, in plain characters. */
export const path = z.string().regex(/^[A-Za-z0-9_./-]+$/, 'write a path in letters, digits, dots, dashes and slashes');

/** An http or https address. */
export const url = z.url({ protocol: /^https?$/ });

/** A share of the whole, 0–100. */
export const percent = z.int().min(0).max(100);

/** An amount of money in whole units of an ISO 4217 currency. */
export const money = z.strictObject({ amount: z.number().min(0), currency: z.string().regex(/^[A-Z]{3}$/) });

/** The three figures that a disaster category or a function is held to. */
export const objective = z.strictObject({
  /** Recovery time objective: from the first failed observation to service for customers. */
  rto: duration,
  /** Recovery point objective: how much acknowledged work may be lost, in time. */
  rpo: duration,
  /** Maximum tolerable downtime: where the business is in danger. */
  mtd: duration,
});

export type Duration = z.infer<typeof duration>;
export type Endpoint = z.infer<typeof endpoint>;
export type Objective = z.infer<typeof objective>;
export type Money = z.infer<typeof money>;
export type SecretReference = z.infer<typeof secretReference>;
