/** Goal: people mend a plan in one go: everything is said at once, first causes first, with the place and an example of the right form. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PlanCopy } from '../support/plan-copies.ts';

let copy: PlanCopy;

beforeEach(async () => {
  copy = await PlanCopy.of();
});
afterEach(() => copy.remove());

describe('a value that does not fit comes with the right form', () => {
  test.each([
    ['plan.yaml', 'rto: PT30M', 'rto: 240', 'functions.customer-api.rto: 240 does not fit: write an ISO 8601 duration such as PT4H, PT15M or PT1M30S.'],
    [
      'plan.yaml',
      'tier: 1',
      'tier: 7',
      'functions.customer-api.tier: 7 does not fit: write a whole number from 1 to 3: a run verifies three tiers, one after another.',
    ],
    ['plan.yaml', 'name: US East', 'name: 5', 'sites.us-east-1.name: 5 does not fit: write one line of text (in quotes if it looks like a number)'],
    ['estate.yaml', 'driver: redis', 'driver: memcached', 'estate.cache.driver: "memcached" does not fit: write one of redis, elasticache.'],
    [
      'estate.yaml',
      'failureThreshold: 3',
      'failureThreshold: often',
      'estate.dns.healthCheck.failureThreshold: "often" does not fit: write a whole number, such as 3.',
    ],
    ['people.yaml', 'jsmith@erlmcp.com', 'jsmith', 'people.jane-smith.email: "jsmith" does not fit: write an e-mail address such as ada@example.com.'],
  ] as const)('%s: %s', async (file, from, to, sentence) => {
    await copy.change(file, from, to);
    expect((await copy.errors()).join('\n')).toContain(sentence);
  });
});

describe('what is missing is told where it must stand, with an example', () => {
  test('a key of an item, at the item', async () => {
    await copy.change('plan.yaml', '    rto: PT30M\n', '');
    expect(await copy.errors()).toEqual(['plan.yaml:54 functions.customer-api.rto: "rto" is missing. Add it, such as rto: PT4H.']);
  });

  test('a key of the plan, behind those that stand with it', async () => {
    await copy.change('people.yaml', /^groups:\n(  - .*\n)+/m, '');
    const [first] = (await copy.errors()).filter((line) => line.includes('"groups" is missing'));
    expect(first).toMatch(
      /^people\.yaml:\d+ groups: "groups" is missing\. Add it, such as groups: \[ \{ id: my-name, name: Some words, members: \[ my-name \] \} \]\.$/,
    );
  });

  test('a file of which nothing is there, by its usual name', async () => {
    await writeFile(join(copy.folder, 'procedures.yaml'), '');
    expect(await copy.errors()).toContainEqual(expect.stringMatching(/^procedures\.yaml:1 procedures: "procedures" is missing\. Add it, such as /));
  });

  test('not what is only misspelt', async () => {
    await copy.change('estate.yaml', 'holdTime', 'holdtime');
    expect(await copy.errors()).toEqual([
      'estate.yaml:7 estate.detection.holdtime: "holdtime" is not a key of this part of the plan. Write "holdTime" if that was meant, or remove it.',
    ]);
  });
});

describe('nothing waits for something else to be mended', () => {
  test('a tab is one finding', async () => {
    await copy.change('estate.yaml', '  detection:', '\tdetection:');
    expect(await copy.errors()).toEqual(['estate.yaml:6 : This is not valid YAML: Tabs are not allowed as indentation. Mend the line.']);
  });

  test('a file, the schema, a reference and laws at once, in this order', async () => {
    await writeFile(join(copy.folder, 'zz.yaml'), 'spare: *nothing\n');
    await copy.change('plan.yaml', 'reviewedOn: 2026-02-02', 'reviewedOn: soon');
    await copy.change('people.yaml', 'members: [jane-smith, john-doe] }', 'members: [jane-smth, john-doe] }');
    await copy.change('estate.yaml', 'siteHealthCheckId: 00000000-0000-4000-8000-000000000002', 'siteHealthCheckId: 00000000-0000-4000-8000-000000000001');
    await copy.change('plan.yaml', 'targetOf: [coldStart]', 'targetOf: []');
    const { findings, snapshot } = await copy.check();
    expect(snapshot).toBeNull();
    // What people have accepted stays accepted.
    expect(findings.filter(({ level, acceptedBy }) => level === 'warning' && acceptedBy === undefined)).toEqual([]);
    expect(findings.filter(({ level }) => level === 'error').map(({ rule }) => rule)).toEqual([
      'file',
      'schema',
      'reference',
      'site-targeted',
      'identities-apart',
      'infrastructure-whole',
    ]);
  });

  test('a procedure that there is not is looked at by no law', async () => {
    await copy.change('procedures.yaml', 'procedures:\n', 'procedures:\n  failback: { title: to come }\n');
    expect(await copy.errors()).toEqual([
      expect.stringMatching(
        /^procedures\.yaml:\d+ procedures\.failback: "failback" is not a key of this part of the plan\. Known here: regionalFailover, coldStart\.$/,
      ),
    ]);
  });

  test('what somebody has written into an id does not reach the terminal', async () => {
    await copy.change('people.yaml', 'id: jane-smith', 'id: "jane\\u001b[31m\\nsmith"');
    const errors = (await copy.errors()).join(' ');
    expect(errors).toContain('people.jane?[31m?smith.id: This text does not fit: use lower-case letters');
    expect(errors).not.toMatch(/\p{Cc}/u);
  });

  test('a law that comes upon a part that is not known says nothing of it', async () => {
    // The longest way would be too long with any RTO: of this one nothing is known.
    await copy.change('plan.yaml', 'rto: PT30M', 'rto: soon');
    await copy.change('estate.yaml', 'recordName: erlmcp.example.com', 'recordName: www.example.com');
    expect((await copy.check()).findings.filter(({ level }) => level === 'error').map(({ rule }) => rule)).toEqual(['schema', 'customers-name-routed']);
  });
});
