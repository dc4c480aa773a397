/** Seeded mutations of a plan: of its data, as people mistake it, and of its text, as editors and disks spoil it. Each case can be made again from its seed. */
import { stringify } from 'yaml';

type Path = readonly (string | number)[];
type Random = () => number;
type Container = Record<string | number, unknown>;

export interface Mutant {
  /** What was done, for people who look at a case. */
  readonly done: readonly string[];
  /** The one YAML file of the plan. */
  readonly text: string | Buffer;
}

const durations = [
  'PT0S',
  'PT0.1S',
  'PT1S',
  'PT2S',
  'PT5S',
  'PT10S',
  'PT30S',
  'PT1M',
  'PT90S',
  'PT5M',
  'PT15M',
  'PT30M',
  'PT1H',
  'PT4H',
  'P1D',
  'P30D',
  'P366D',
];
const wellFormed: readonly unknown[] = [
  ...durations,
  0,
  1,
  2,
  3,
  10,
  50,
  100,
  true,
  false,
  [],
  {},
  'data-plane',
  'control-plane',
  'regionalFailover',
  'primary',
];
const illFormed: readonly unknown[] = [
  ...[null, '', -1, 1.5, 1e308, Infinity, NaN, 240, 'PT', 'P1M', 'PT99999999999999999999H', '::::', '__proto__', 'constructor', 'toString', 'REPLACE'],
  ...[
    'a\nb',
    '\u001b[31mred',
    '\u202e',
    '\u0000',
    'ä'.repeat(3000),
    '{{',
    '*a',
    '&a',
    '!!binary x',
    'http://a:b@c/',
    'x'.repeat(100_000),
    [[[[]]]],
    ['a', 'a'],
  ],
];
const spoilers = [
  '\t',
  '\u0000',
  '*a',
  '&a ',
  '- ',
  ': ',
  '? ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '|',
  '>',
  '#',
  '%YAML 1.1\n',
  '---\n',
  '...\n',
  '<<: ',
  '!!set ',
  '!x ',
  '\r',
  '\ufeff',
  '\u2028',
];

/** One to three mutations of the data, or of the text. */
export function mutantOf(plan: object, random: Random): Mutant {
  const data = structuredClone(plan) as Container;
  if (random() < 0.2) return spoilText(stringify(data), random);
  // Half of them stay close to what people write: they come through the schema and try the laws.
  const gently = random() < 0.5;
  const done = Array.from({ length: 1 + Math.floor(random() * 3) }, () => mutate(data, random, gently));
  return { done, text: stringify(data, { aliasDuplicateObjects: random() < 0.5 }) };
}

function spoilText(text: string, random: Random): Mutant {
  const at = Math.floor(random() * text.length);
  const length = Math.floor(random() * 40);
  const lines = text.split('\n');
  const line = Math.floor(random() * lines.length);
  const spoiler = pick(spoilers, random);
  const ways: readonly (() => Mutant)[] = [
    () => ({ done: [`${JSON.stringify(spoiler)} at ${at}`], text: text.slice(0, at) + spoiler + text.slice(at) }),
    () => ({ done: [`${length} characters gone at ${at}`], text: text.slice(0, at) + text.slice(at + length) }),
    () => ({ done: [`ends at ${at}`], text: text.slice(0, at) }),
    () => ({ done: [`line ${line + 1} twice`], text: lines.toSpliced(line, 0, lines[line] ?? '').join('\n') }),
    () => ({ done: [`line ${line + 1} gone`], text: lines.toSpliced(line, 1).join('\n') }),
    () => ({ done: [`line ${line + 1} further in`], text: lines.with(line, `  ${lines[line] ?? ''}`).join('\n') }),
    () => ({
      done: [`a byte that is no UTF-8 at ${at}`],
      text: Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from([0xe9]), Buffer.from(text.slice(at))]),
    }),
  ];
  return pick(ways, random)();
}

function mutate(data: Container, random: Random, gently: boolean): string {
  const places = placesOf(data, []);
  const path = pick(places, random);
  const key = path.at(-1) ?? '';
  const parent = at(data, path.slice(0, -1)) as Container;
  const value = parent[key];
  const set = (to: unknown): void => void (parent[key] = to);
  const name = path.join('.');
  const alike = places.filter((other) => typeof key === 'string' && other.at(-1) === key).map((other) => at(data, other));
  const alter = (): string => (set(altered(value, random)), `${name} = ${show(parent[key])}`);
  if (gently && random() < 0.7) return alter();
  const ways: readonly (() => string)[] = [
    () => (set(pick(wellFormed, random)), `${name} = ${show(parent[key])}`),
    () => (set(pick(illFormed, random)), `${name} = ${show(parent[key])}`),
    // What stands elsewhere under the same key has the right form, and may be wrong here.
    () => (set(structuredClone(alike.length > 0 ? pick(alike, random) : value)), `${name} = another's, ${show(parent[key])}`),
    alter,
    () => (remove(parent, key), `${name} gone`),
    () => (repeat(parent, key, value), `${name} twice`),
    () => (swap(parent, key, random), `${name} in another place`),
  ];
  return pick(ways, random)();
}

/** Somewhat different, of the same kind. */
function altered(value: unknown, random: Random): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return pick([value - 1, value + 1, value * 2, value * 10, Math.floor(value / 2)], random);
  if (typeof value === 'string' && /^P[T0-9]/.test(value)) return pick(durations, random);
  // Ids and names are what other parts refer to: a changed one is mostly refused.
  if (typeof value === 'string' && random() < 0.8) return value;
  if (typeof value === 'string') return pick([`${value}x`, value.slice(1), value.toUpperCase(), `${value}.`, `${value} `], random);
  return Array.isArray(value) ? value.slice(0, Math.floor(random() * value.length)) : value;
}

function remove(parent: Container, key: string | number): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

function repeat(parent: Container, key: string | number, value: unknown): void {
  if (Array.isArray(parent)) parent.push(structuredClone(value));
  else parent[`${key}-2`] = structuredClone(value);
}

function swap(parent: Container, key: string | number, random: Random): void {
  const other = pick(Object.keys(parent), random);
  [parent[key], parent[other]] = [parent[other], parent[key]];
}

function placesOf(value: unknown, path: Path): readonly Path[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.keys(value).flatMap((key) => {
    const below: Path = [...path, Array.isArray(value) ? Number(key) : key];
    return [below, ...placesOf((value as Container)[key], below)];
  });
}

function at(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((part, key) => (part as Container)[key], data);
}

function pick<T>(from: readonly T[], random: Random): T {
  return from[Math.floor(random() * from.length)] as T;
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 60);
}
