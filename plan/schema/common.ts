/**
 * Building blocks that every part of the plan's schema uses. Pure: nothing of Node, so that workflows may import it.
 * What a field means stands in its `describe`, so that one sentence serves the code, the editor (plan/plan.schema.json) and the reference page.
 */
import { z } from 'zod';
import { unprintable } from '../rules/printable.ts';

export const identifier = z
  .string()
  // It becomes a DNS label, a unit and part of workflow ids.
  .max(63)
  // It reaches shells, SQL and file names, so nothing else is let in. `constructor` is a property of every object: looked up as a site, it would be found where none is.
  .regex(/^(?!constructor$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'use lower-case letters, digits and single dashes, starting with a letter, and not "constructor"')
  .meta({ description: 'A name in kebab case: lower-case letters, digits and single dashes, starting with a letter.', examples: ['my-name'] });

export const line = z
  .string()
  .min(1)
  .max(200)
  .regex(
    new RegExp(`^[^${unprintable}]*$`, 'u'),
    'write one line of text (in quotes if it looks like a number), without control characters and marks that change the direction of writing',
  )
  .meta({ description: 'A text of one line: it stands beside others in a status, a mail and a table.', examples: ['Some words'] });

export const text = z
  .string()
  .min(1)
  .max(2000)
  .regex(
    new RegExp(`^([^${unprintable}]|[\n\t])*$`, 'u'),
    'write a text (in quotes if it looks like a number), without control characters and marks that change the direction of writing',
  )
  .meta({ description: 'A text of one or several lines, as much as fits on a page.', examples: ['Some words'] });

const durationPattern = /^P(?=\d|T\d)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/;

export const duration = z
  .string()
  .max(32)
  // Months and years have no fixed length and are refused.
  .regex(durationPattern, 'write an ISO 8601 duration such as PT4H, PT15M or PT1M30S')
  .meta({ description: 'An ISO 8601 duration of days, hours, minutes and seconds, such as PT4H or PT1M30S.', examples: ['PT4H'] });

const label = '[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?';
/** A last label of digits alone is what programs read as an IPv4 address. */
const dnsName = `(?!(.*\\.)?[0-9]+\\.?$)${label}(\\.${label})*\\.?`;
const hostPattern = new RegExp(`^${dnsName}$|${z.regexes.ipv4.source}|${z.regexes.ipv6.source}`);

export const host = z
  .string()
  .max(253)
  // Refused here, before anything can be run.
  .regex(hostPattern, 'write a host name or an IP address, without scheme, port, spaces or shell characters')
  .meta({ description: 'A DNS name or an IP address, without scheme, port, spaces or shell characters.', examples: ['db.example.com'] });

export const port = z
  .int()
  .min(1)
  .max(65535)
  .meta({ description: 'A TCP or UDP port.', examples: [443] });

export const endpoint = z.strictObject({ host, port }).describe('Where something listens.');

export const secretReference = z
  .string()
  .max(512)
  .regex(/^(env:[A-Z_][A-Z0-9_]*|file:[^\s]+)$/, 'write a reference such as env:DB_PASSWORD or file:/run/secrets/db, never the secret itself')
  .meta({
    description: 'A reference to a secret, env:NAME or file:PATH. The value itself never stands in a plan, a history or a log.',
    examples: ['env:DB_PASSWORD'],
  });

export const path = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9_./-]+$/, 'write a path in letters, digits, dots, dashes and slashes')
  .meta({ description: "An absolute path, or one below the plan's folder, in plain characters.", examples: ['/etc/my-service/config'] });

/** A token in the path of an address: long, and of capital letters, small letters and digits, as no name of a page is. */
const tokenLike = /\/(?=[^/]*[A-Z])(?=[^/]*[a-z])(?=[^/]*[0-9])[A-Za-z0-9_-]{20,}(?=\/|$)/;

/** A plan goes into histories, reports and logs: an address with a secret in it would take that along. */
function holdsNoSecret(address: string): boolean {
  return !/[?#]|^[a-z]+:\/\/[^/]*@/i.test(address) && !tokenLike.test(address);
}

/** zod does not carry the protocol into a JSON Schema. */
export const url = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .refine(holdsNoSecret, 'write an address without user, password, query and token; a secret is referenced, as env:NAME or file:PATH, never the secret itself')
  .meta({
    description: 'An http or https address, without user, password, query and token: a plan is read by many.',
    pattern: '^https?://[^?#@]*$',
    examples: ['https://www.example.com/status'],
  });

export const percent = z
  .int()
  .min(0)
  .max(100)
  .meta({ description: 'A share of the whole, in per cent.', examples: [100] });

export const money = z
  .strictObject({
    amount: z
      .number()
      .min(0)
      .max(1e12)
      .meta({ description: 'How much, in whole units of the currency; beyond 10^12 fractions are lost in the shares.', examples: [100000] }),
    currency: z
      .string()
      .max(3)
      .regex(/^[A-Z]{3}$/, 'write a code of three capital letters, such as USD')
      .meta({ description: 'ISO 4217 code, such as USD.', examples: ['USD'] }),
  })
  .describe('An amount of money.');

export type Duration = z.infer<typeof duration>;
export type Endpoint = z.infer<typeof endpoint>;
export type Money = z.infer<typeof money>;
export type SecretReference = z.infer<typeof secretReference>;

/** PostgreSQL cuts longer names off. */
export const sqlName = z
  .string()
  .max(63)
  .regex(/^[a-z_][a-z0-9_]*$/, 'write a name of small letters, digits and underscores, not starting with a digit')
  .meta({ examples: ['dr_observer'] });

/** Of keys of the cache, as SCAN takes it. */
export const keyPattern = z
  .string()
  .max(200)
  .regex(/^[a-z0-9:*_-]+$/, 'write a pattern of keys such as session:*');
