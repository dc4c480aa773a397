/** Goal: whoever writes a plan is told where too few would hold the epoch, and by how much. Method: the laws, on plans of two to four sites. */
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findProblems } from '../../plan/lint.ts';
import { loadPlan } from '../../plan/load.ts';
import { type Plan, planSchema } from '../../plan/schema.ts';
import type { Witness } from '../../plan/schema/witness.ts';

const folders = { 2: '../plans/library', 3: '../plans/tickets', 4: '../../plan/erlmcp' } as const;
type Sites = keyof typeof folders;
const plans = new Map<Sites, Plan>();

beforeAll(async () => {
  for (const sites of [2, 3, 4] as const) plans.set(sites, (await loadPlan(resolve(import.meta.dirname, folders[sites]))).plan);
});

/** A witness where no site of these plans stands, unless a test says otherwise. */
function witness(name: string, change: Partial<Witness> = {}): Witness {
  return { name, region: 'sa-east-1', bucket: `epoch-${name}`, ...change };
}

function withWitnesses(sites: Sites, witnesses: readonly Witness[]): Plan {
  const plan = plans.get(sites);
  if (!plan) throw new Error('no plan');
  return { ...plan, estate: { ...plan.estate, witnesses: [...witnesses] } };
}

function found(rule: string, sites: Sites, ...witnesses: readonly Witness[]): string[] {
  const problems = findProblems(withWitnesses(sites, witnesses)).filter((problem) => problem.rule === rule);
  return problems.map(({ level, path, message }) => `${level} ${path.join('.')}: ${message}`);
}

describe('a site and the API of the zone that are gone together', () => {
  test('leave too few of two sites, and the warning says how many witnesses would do', () => {
    expect(found('epoch-quorum', 2)).toEqual([
      'warning estate.witnesses: The epoch has 3 holders and needs 2. Where a site fails and the API of the DNS zone with it, only 1 can be reached, and a run must ask people. Name 2 more witnesses where no site stands (docs/own-estate.md), or accept this with a note.',
    ]);
  });

  test('leave too few of three sites, and one witness would do', () => {
    expect(found('epoch-quorum', 3)).toEqual([expect.stringContaining('Name 1 more witness where no site stands')]);
    expect(found('epoch-quorum', 3, witness('a'))).toEqual([]);
  });

  test('leave enough of four sites without any', () => expect(found('epoch-quorum', 4)).toEqual([]));

  test('leave too few of two sites with one witness: four holders need three', () => {
    expect(found('epoch-quorum', 2, witness('a'))).toEqual([expect.stringContaining('Name 1 more witness where')]);
    expect(found('epoch-quorum', 2, witness('a'), witness('b'))).toEqual([]);
  });

  test('take a witness in the region of that site along', () => {
    expect(found('epoch-quorum', 3, witness('a', { region: 'eu-west-1' }))).toEqual([expect.stringContaining('only 2 can be reached')]);
    expect(found('epoch-quorum', 4, witness('a', { region: 'us-east-1' }))).toEqual([expect.stringContaining('The epoch has 6 holders and needs 4.')]);
  });
});

describe('two witnesses', () => {
  test('of one name, or in one object, are an error: they would count as two', () => {
    expect(found('identities-apart', 2, witness('a'), witness('a', { bucket: 'another' }))).toEqual([
      'error estate.witnesses.1.name: Two witnesses have the name a. Give each a name of its own.',
    ]);
    const named = witness('b', { bucket: 'one', key: 'dr-epoch/lending-desks' });
    expect(found('identities-apart', 2, witness('a', { bucket: 'one' }), named), 'the key that is meant where none is written').toHaveLength(1);
    expect(found('identities-apart', 2, witness('a', { bucket: 'one' }), witness('b', { bucket: 'one' }))).toEqual([
      expect.stringContaining('error estate.witnesses.1.bucket: The witnesses a and b are one object'),
    ]);
    expect(found('identities-apart', 2, witness('a', { bucket: 'one' }), witness('b', { bucket: 'one', key: 'other' }))).toEqual([]);
  });
});

describe('two witnesses in one object by two spellings of its endpoint', () => {
  test.each([
    ['https://s3.example.com', 'https://s3.example.com/'],
    ['https://s3.example.com', 'https://S3.Example.COM'],
    ['https://s3.example.com', 'https://s3.example.com:443'],
    ['https://s3.example.com', 'https://s3.example.com.'],
    ['http://s3.example.com/store', 'HTTP://s3.example.com:80/store//'],
    [undefined, 'https://s3.sa-east-1.amazonaws.com'],
    ['https://s3.eu-west-1.amazonaws.com', 'https://s3.dualstack.sa-east-1.amazonaws.com/'],
  ])('%s and %s are an error', (one, other) => {
    const at = (endpoint: string | undefined) => ({ bucket: 'one', ...(endpoint === undefined ? {} : { endpoint }) });
    const witnesses = [witness('a', at(one)), witness('b', at(other))];
    expect(planSchema.safeParse(withWitnesses(2, witnesses)).success).toBe(true);
    expect(found('identities-apart', 2, ...witnesses)).toEqual([expect.stringContaining('The witnesses a and b are one object')]);
  });

  test.each([
    ['https://s3.example.com', 'https://s3.example.com:9000'],
    ['https://s3.example.com', 'https://s3.example.org'],
    ['https://s3.example.com/one', 'https://s3.example.com/other'],
    [undefined, 'https://s3.example.com'],
    [undefined, 'https://notamazonaws.com'],
  ])('%s and %s are two', (one, other) => {
    const at = (endpoint: string | undefined) => ({ bucket: 'one', ...(endpoint === undefined ? {} : { endpoint }) });
    expect(found('identities-apart', 2, witness('a', at(one)), witness('b', at(other)))).toEqual([]);
  });
});

test('a plan has nine of them at most, and each field has its form', () => {
  const many = Array.from({ length: 10 }, (_, index) => witness(`w${index}`));
  expect(planSchema.safeParse(withWitnesses(2, many.slice(1))).success).toBe(true);
  expect(planSchema.safeParse(withWitnesses(2, many)).success).toBe(false);
  for (const wrong of [{ bucket: 'Not-A-Bucket' }, { key: '../x' }, { region: 'moon' }, { name: 'No Name' }])
    expect(planSchema.safeParse(withWitnesses(2, [witness('a', wrong)])).success, JSON.stringify(wrong)).toBe(false);
});
