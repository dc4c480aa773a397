/** Turns what the schema refuses into sentences that say what to do, with an example. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { nearest } from './nearest.ts';
import { fitForLine } from './rules/printable.ts';
import { exampleOf, formOf, knownKeys, schemaAt } from './schema-look.ts';
import type { PlanPath } from './source.ts';

type Issue = z.core.$ZodIssue;

interface Explained {
  readonly path: PlanPath;
  readonly message: string;
  /** Nothing was written there. */
  readonly missing?: true;
}

/** One sentence or two for each thing to mend: the first cause of each, and not what follows from it. */
export function explainIssues(issues: readonly Issue[], data: unknown): readonly Explained[] {
  const all = issues.flatMap((issue) => explainIssue(issue, data));
  const misspelt = new Set(issues.flatMap((issue) => meantKeys(issue, data)));
  const seen = new Set<string>();
  return all.filter(({ path, missing }) => {
    const key = JSON.stringify(path);
    if (seen.has(key) || (missing && misspelt.has(key))) return false;
    seen.add(key);
    return true;
  });
}

/** Parts of the plan of which nothing can be said, because the schema refuses them. */
export function unknownPaths(issues: readonly Issue[]): readonly PlanPath[] {
  return issues.flatMap((issue): PlanPath[] => {
    const path = pathOf(issue);
    // Of a mapping whose kind is not known, nothing was looked at.
    if (issue.code === 'unrecognized_keys') return [];
    return [issue.code === 'invalid_union' && 'discriminator' in issue && issue.discriminator !== undefined ? path.slice(0, -1) : path];
  });
}

/** Keys that the schema does not know. */
export function needlessPaths(issues: readonly Issue[]): readonly PlanPath[] {
  return issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...pathOf(issue), key]) : []));
}

/** One sentence or two for each thing that an issue of the schema means. */
export function explainIssue(issue: Issue, data: unknown): readonly Explained[] {
  const path = pathOf(issue);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path, data);
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }));
  }
  if (issue.code === 'invalid_key') return [{ path, message: `"${fitForLine(String(path.at(-1)))}" cannot be a key here: ${inner(issue.issues)}.` }];
  const value = valueAt(data, path);
  const meant =
    issue.code === 'invalid_union' ? issue.errors.find((issues) => issues.every((each) => each.path.length > 0 || each.code !== 'invalid_type')) : undefined;
  if (meant) return meant.flatMap((each) => explainIssue({ ...each, path: [...issue.path, ...each.path] }, data));
  if (value === undefined) return [{ path, missing: true, message: `"${String(path.at(-1))}" is missing. Add it, such as ${example(path, data)}.` }];
  return [{ path, message: `${show(value, issue)} does not fit: ${reason(issue, path, data)}.` }];
}

function pathOf(issue: Issue): (string | number)[] {
  return issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
}

/** Keys that an unknown key of the same mapping was probably meant to be, as paths. */
function meantKeys(issue: Issue, data: unknown): readonly string[] {
  if (issue.code !== 'unrecognized_keys') return [];
  const path = pathOf(issue);
  const known = knownKeys(path, data);
  return issue.keys.flatMap((key) => {
    const meant = nearest(key, known);
    return meant === undefined ? [] : [JSON.stringify([...path, meant])];
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const guess = nearest(key, known);
  const advice = guess === undefined ? `Known here: ${known.join(', ')}` : `Write "${guess}" if that was meant, or remove it`;
  return `"${fitForLine(key)}" is not a key of this part of the plan. ${advice}.`;
}

/** What a missing part looks like, on one line. Of a large one its keys. */
function example(path: PlanPath, data: unknown): string {
  const key = String(path.at(-1));
  const shown = inYaml({ [key]: exampleOf(schemaAt(path, data)) });
  if (shown.length <= 120) return shown;
  const keys = knownKeys(path, data);
  return keys.length > 0 ? `a mapping of ${keys.join(', ')}` : `a list, of which dr init writes one and docs/reference/plan.md says more`;
}

function inYaml(value: Readonly<Record<string, unknown>>): string {
  const [key = '', part] = Object.entries(value)[0] ?? [];
  return `${key}: ${stringify(part, { collectionStyle: 'flow', lineWidth: 0 }).trim()}`;
}

function reason(issue: Issue, path: PlanPath, data: unknown): string {
  if (issue.code === 'invalid_type') return ofType(issue.expected, path, data);
  if (issue.code === 'invalid_value') return `write ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_union' && issue.errors.length > 0)
    return issue.errors.flatMap((issues) => issues.map((each) => reason(each, path, data))).join(' or ');
  if (issue.code === 'invalid_union') return `write one of ${knownKinds(path, data).join(', ')}`;
  // The plan's own ranges come with their reason.
  if ((issue.code === 'too_small' || issue.code === 'too_big') && !/^Too (small|big)/.test(issue.message)) return issue.message;
  if (issue.code === 'too_small') return `write at least ${issue.minimum}${measure(issue.origin)}`;
  if (issue.code === 'too_big') return `write at most ${issue.maximum}${measure(issue.origin)}`;
  return issue.code === 'invalid_format' ? formatReason(issue) : issue.message;
}

function measure(origin: string): string {
  return { array: ' in this list', string: ' characters' }[origin] ?? '';
}

/** The form that is known for the place, else the type alone; with an example. */
function ofType(expected: string, path: PlanPath, data: unknown): string {
  const schema = schemaAt(path, data);
  const form = expected === 'string' ? formOf(schema) : undefined;
  if (form !== undefined) return form;
  const shown = ['string', 'number', 'int'].includes(expected) ? exampleOf(schema) : undefined;
  const kind = schema instanceof z.ZodNumber && schema.isInt ? 'int' : expected;
  return `write ${kindName(kind)}${shown === undefined || shown === null ? '' : `, such as ${JSON.stringify(shown)}`}`;
}

/** The words that tell the kinds of a mapping apart, where its own is not one of them. */
function knownKinds(path: PlanPath, data: unknown): readonly string[] {
  const schema = schemaAt(path.slice(0, -1), data, 'whole');
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return [];
  return schema.options.flatMap((option) => {
    const kind: unknown = option instanceof z.ZodObject ? (option.shape as Record<string, unknown>)[String(path.at(-1))] : undefined;
    return kind instanceof z.ZodLiteral ? [...kind.values].map(String) : [];
  });
}

function formatReason(issue: Issue & { readonly code: 'invalid_format' }): string {
  const names: Record<string, string> = {
    email: 'write an e-mail address such as ada@example.com',
    url: 'write an address that begins with http:// or https://',
    ipv4: 'write an IPv4 address such as 192.0.2.10',
    date: 'write a day such as 2026-02-02',
  };
  return names[issue.format] ?? issue.message;
}

function inner(issues: readonly Issue[]): string {
  return issues.map((issue) => reason(issue, [], undefined)).join('; ');
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

/** A value, short enough for a sentence. Long ones are named by kind, and those that may hold a secret are not shown: a finding goes into logs and mails. */
function show(value: unknown, issue: Issue): string {
  if (issue.message.includes('never the secret itself') || (typeof value === 'string' && /:\/\/|:.*@/.test(value))) return 'This value';
  if (typeof value === 'string') return fitForLine(value) === value ? `"${value}"` : 'This text';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return 'An empty value';
  return Array.isArray(value) ? 'A list' : 'A mapping';
}

function valueAt(data: unknown, path: PlanPath): unknown {
  let value = data;
  for (const key of path)
    value = value !== null && typeof value === 'object' && Object.hasOwn(value, key) ? (value as Record<string | number, unknown>)[key] : undefined;
  return value;
}
