/** Goal: an editor that knows plan/plan.schema.json says of a plan's files what the loader says. Judge: ajv, which shares no code with zod. */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadPlan } from '../../plan/load.ts';
import { planSchema } from '../../plan/schema.ts';

const plans = resolve(import.meta.dirname, '../../plan');
let ofFile: ValidateFunction;
let ofPlan: ValidateFunction;

beforeAll(async () => {
  const schema = JSON.parse(await readFile(join(plans, 'plan.schema.json'), 'utf8')) as object;
  // The patterns say what the formats say.
  const ajv = new Ajv({ validateFormats: false, allErrors: true }).addSchema(schema, 'plan');
  ofFile = ajv.compile({ $ref: 'plan' });
  ofPlan = ajv.compile({ $ref: 'plan#/definitions/plan' });
});

/** Where in a plan the schema finds something wrong. */
function errorsOf(validate: ValidateFunction, data: unknown): readonly string[] {
  return validate(data) ? [] : (validate.errors ?? []).map(({ instancePath }) => instancePath);
}

test.each(['erlmcp', 'skeleton'])('each file of the plan %s fits, and names the schema for the editor', async (name) => {
  const names = (await readdir(join(plans, name))).filter((file) => file.endsWith('.yaml'));
  expect(names.length).toBeGreaterThan(3);
  for (const file of names) {
    const text = await readFile(join(plans, name, file), 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=(\.\.\/)?plan\.schema\.json\n/);
    expect(errorsOf(ofFile, parse(text))).toEqual([]);
  }
});

describe('the whole plan', () => {
  test('fits', async () => {
    expect(errorsOf(ofPlan, (await loadPlan(join(plans, 'erlmcp'))).plan)).toEqual([]);
  });

  test('lacks what a file may lack', () => {
    expect(errorsOf(ofFile, {})).toEqual([]);
    expect(errorsOf(ofPlan, {}).length).toBe(Object.keys(planSchema.shape).length);
  });
});

interface Mutable {
  [key: string | number]: Mutable;
}

test('a step that the catalogue lacks is none, and an editor says so', async () => {
  const { plan } = await loadPlan(join(plans, 'erlmcp'));
  const draft = structuredClone(plan);
  const [step] = draft.procedures.regionalFailover.steps;
  if (step) step.id = 'confirm-failur';
  draft.procedures.regionalFailover.pointOfNoReturn = 'watch';
  expect(errorsOf(ofPlan, draft)).toEqual(['/procedures/regionalFailover/steps/0/id', '/procedures/regionalFailover/pointOfNoReturn']);
});

describe('what the loader refuses, the schema refuses', () => {
  const breaks: readonly (readonly [string, readonly (string | number)[], unknown])[] = [
    ['a month in a duration', ['estate', 'detection', 'holdTime'], 'P1M'],
    ['a host with a shell character', ['estate', 'mail', 'server', 'host'], 'mail;reboot'],
    ['a port out of range', ['estate', 'mail', 'server', 'port'], 65536],
    ['a secret in clear', ['estate', 'database', 'observer', 'password'], 'hunter2'],
    ['an address of another protocol', ['estate', 'monitoring', 'url'], 'ftp://monitoring.example.com'],
    ['a path that does not begin with a slash', ['estate', 'service', 'healthPath'], 'health'],
    ['an e-mail address without a domain', ['people', 0, 'email'], 'jane'],
    ['an IPv4 address out of range', ['estate', 'sites', 'us-east-1', 'publicAddress'], '192.0.2.256'],
    ['a day that does not exist', ['plan', 'reviewedOn'], '2026-02-30'],
    ['an unknown key', ['plan', 'nickname'], 'x'],
    ['a driver that there is not', ['estate', 'dns', 'driver'], 'bind'],
    ['too few resolvers', ['estate', 'dns', 'resolvers'], []],
    ['a site with a name that reaches shells', ['estate', 'sites', 'Site A'], {}],
  ];
  test.each(breaks)('%s', async (_what, path, value) => {
    const plan = structuredClone((await loadPlan(join(plans, 'erlmcp'))).plan) as unknown as Mutable;
    const parent = path.slice(0, -1).reduce<Mutable>((part, key) => part[key]!, plan);
    parent[path.at(-1)!] = value as Mutable;
    expect(planSchema.safeParse(plan).success).toBe(false);
    expect(errorsOf(ofPlan, plan)).not.toEqual([]);
  });
});
