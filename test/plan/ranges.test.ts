/** Goal: nothing in a plan is without end, and each range of a duration or a count says why. Method: every field of the JSON Schema that editors and the reference page are made from. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type JsonSchema } from '../../docs/generate/plan-schema.ts';

interface Place {
  readonly path: string;
  readonly schema: JsonSchema;
}

let places: readonly Place[];

beforeAll(async () => {
  const schema = JSON.parse(await readFile(resolve(import.meta.dirname, '../../plan/plan.schema.json'), 'utf8')) as JsonSchema;
  places = placesOf({ path: '', schema });
});

function placesOf(place: Place): readonly Place[] {
  const { path, schema } = place;
  const below = [
    ...Object.entries(schema.properties ?? {}).map(([key, child]) => ({ path: `${path}.${key}`, schema: child })),
    ...(schema.items ? [{ path: `${path}[]`, schema: schema.items }] : []),
    ...[...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].map((variant) => ({ path, schema: variant })),
    ...(typeof schema.additionalProperties === 'object' ? [{ path: `${path}.<name>`, schema: schema.additionalProperties }] : []),
  ];
  return [place, ...below.flatMap(placesOf)];
}

const paths = (found: readonly Place[]): readonly string[] => found.map(({ path }) => path);
const ranged = / -?[0-9A-Z.]+ to [0-9A-Z.]+: .{10}/;

test('each duration has a range with its reason', () => {
  const durations = places.filter(({ schema }) => schema.pattern?.startsWith('^P(?='));
  expect(durations.length).toBeGreaterThan(30);
  expect(paths(durations.filter(({ schema }) => !ranged.test(schema.description ?? '')))).toEqual([]);
});

test('each number has a range, and a count its reason', () => {
  const numbers = places.filter(({ schema }) => schema.type === 'integer' || schema.type === 'number');
  expect(numbers.length).toBeGreaterThan(15);
  expect(paths(numbers.filter(({ schema }) => schema.minimum === undefined || schema.maximum === undefined))).toEqual([]);
  const plain = numbers.filter(({ schema }) => !ranged.test(schema.description ?? ''));
  // A port, a percentage and an amount say themselves what they are.
  expect([...new Set(paths(plain).map((path) => path.replace(/.*\./, '')))].sort()).toEqual([
    'amount',
    'baselinePercent',
    'coveragePercent',
    'currentPercent',
    'failoverPercent',
    'port',
    'publicPort',
    'targetPercent',
  ]);
});

test('each text and each list ends somewhere', () => {
  const texts = places.filter(({ schema }) => schema.type === 'string' && schema.const === undefined && schema.enum === undefined);
  expect(paths(texts.filter(({ schema }) => schema.maxLength === undefined && !['date', 'ipv4'].includes(schema.format ?? '')))).toEqual([]);
  const lists = places.filter(({ schema }) => schema.type === 'array');
  expect(paths(lists.filter(({ schema }) => schema.maxItems === undefined))).toEqual([]);
});
