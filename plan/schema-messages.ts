/** Turns what the schema refuses into sentences that say what to do. */
import { z } from 'zod';
import { nearest } from './nearest.ts';
import { planSchema } from './schema.ts';
import type { PlanPath } from './source.ts';

interface Explained {
  readonly path: PlanPath;
  readonly message: string;
}

/** One sentence or two for each thing that an issue of the schema means. */
export function explainIssue(issue: z.core.$ZodIssue, data: unknown): readonly Explained[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path);
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }));
  }
  if (issue.code === 'invalid_key') return [{ path, message: `"${String(path.at(-1))}" cannot be a key here: ${inner(issue.issues)}.` }];
  const value = valueAt(data, path);
  const meant =
    issue.code === 'invalid_union' ? issue.errors.find((issues) => issues.every((each) => each.path.length > 0 || each.code !== 'invalid_type')) : undefined;
  if (meant) return meant.flatMap((each) => explainIssue({ ...each, path: [...issue.path, ...each.path] }, data));
  if (value === undefined) return [{ path, message: `"${String(path.at(-1))}" is missing. Add it${expected(issue)}.` }];
  const shown = issue.message.includes('never the secret itself') ? 'This value' : show(value);
  return [{ path, message: `${shown} does not fit: ${reason(issue)}.` }];
}

function unknownKey(key: string, known: readonly string[]): string {
  const guess = nearest(key, known);
  const advice = guess === undefined ? `Known here: ${known.join(', ')}` : `Write "${guess}" if that was meant, or remove it`;
  return `"${key}" is not a key of this part of the plan. ${advice}.`;
}

function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return ` (${kindName(issue.expected)})`;
  if (issue.code === 'invalid_value') return ` (one of ${issue.values.map(String).join(', ')})`;
  return '';
}

function reason(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `write ${kindName(issue.expected)}`;
  if (issue.code === 'invalid_value') return `write ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return issue.errors.flatMap((issues) => issues.map(reason)).join(' or ');
  if (issue.code === 'too_small') return `write at least ${issue.minimum}${issue.origin === 'array' ? ' in this list' : ''}`;
  if (issue.code === 'too_big') return `write at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
  return issue.code === 'invalid_format' ? formatReason(issue) : issue.message;
}

function formatReason(issue: z.core.$ZodIssue & { readonly code: 'invalid_format' }): string {
  const names: Record<string, string> = {
    email: 'write an e-mail address',
    url: 'write an address that begins with http:// or https://',
    ipv4: 'write an IPv4 address',
    date: 'write a day such as 2026-02-02',
    starts_with: 'begin it with /',
  };
  return names[issue.format] ?? issue.message;
}

function inner(issues: readonly z.core.$ZodIssue[]): string {
  return issues.map(reason).join('; ');
}

function kindName(kind: string): string {
  const names: Record<string, string> = {
    string: 'a text (in quotes if it looks like a number)',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping of keys',
    record: 'a mapping of keys',
  };
  return names[kind] ?? kind;
}

/** A value, short enough for a sentence. Long ones are named by kind: they may hold what nobody should print. */
function show(value: unknown): string {
  if (typeof value === 'string') return value.length <= 60 ? `"${value}"` : 'This text';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return 'An empty value';
  return Array.isArray(value) ? 'A list' : 'A mapping';
}

function valueAt(data: unknown, path: PlanPath): unknown {
  let value = data;
  for (const key of path) value = value !== null && typeof value === 'object' ? (value as Record<string | number, unknown>)[key] : undefined;
  return value;
}

/** Keys that the schema knows at a path. */
function knownKeys(path: PlanPath): readonly string[] {
  let schema: unknown = planSchema;
  for (const key of path) schema = schemaBelow(schema, key);
  schema = unwrap(schema);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function schemaBelow(schema: unknown, key: string | number): unknown {
  const bare = unwrap(schema);
  if (bare instanceof z.ZodObject) return (bare.shape as Record<string, unknown>)[key];
  if (bare instanceof z.ZodArray) return bare.element;
  if (bare instanceof z.ZodRecord) return bare.valueType;
  return undefined;
}

/** Of a union the mapping: it alone has keys. */
function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap());
  return schema instanceof z.ZodUnion ? schema.options.find((option) => option instanceof z.ZodObject) : schema;
}
