import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadPlan, PlanError } from '../../plan/load.ts';
import type { Finding } from '../../plan/findings.ts';

const erlmcp = resolve(import.meta.dirname, '../../plan/erlmcp');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-plan-'));
  await cp(erlmcp, folder, { recursive: true });
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function change(file: string, from: string | RegExp, to: string): Promise<void> {
  const before = await readFile(join(folder, file), 'utf8');
  const after = before.replace(from, to);
  expect(after, `${String(from)} stands in ${file}`).not.toBe(before);
  await writeFile(join(folder, file), after);
}

async function findings(): Promise<readonly Finding[]> {
  try {
    await loadPlan(folder);
  } catch (error) {
    if (error instanceof PlanError) return error.findings;
    throw error;
  }
  return [];
}

describe('the plan of erlmcp', () => {
  test('loads, with the figures of its source', async () => {
    const { plan } = await loadPlan(erlmcp);
    expect(plan.functions.find((entry) => entry.id === 'customer-api')).toMatchObject({
      tier: 1,
      rto: 'PT30M',
      rpo: 'PT15M',
      annualCostOfDowntime: { amount: 1_000_000, currency: 'USD' },
    });
    expect(plan.objectives.categories.map(({ id, rto, rpo }) => [id, rto, rpo])).toEqual([
      ['natural', 'PT4H', 'PT1H'],
      ['technical', 'PT2H', 'PT15M'],
      ['operational', 'PT1H', 'PT5M'],
      ['human', 'PT8H', 'PT2H'],
    ]);
    expect(plan.estate.dns).toMatchObject({ hostedZoneId: 'Z1PA6795UKMFR9', recordName: 'erlmcp.example.com', ttl: 'PT30S' });
    expect(plan.estate.sites['eu-central-1']?.publicAddress).toBe('52.28.235.228');
    expect(plan.severity.scores).toEqual({ primaryDown: 100, dataLoss: 50, networkOutage: 30 });
  });
});

describe('digest', () => {
  test('stays the same when keys move between files and lines, and comments change', async () => {
    const before = await loadPlan(folder);
    const people = await readFile(join(folder, 'people.yaml'), 'utf8');
    await rm(join(folder, 'people.yaml'));
    await writeFile(join(folder, 'plan.yaml'), `# moved\n${people}\n${await readFile(join(folder, 'plan.yaml'), 'utf8')}`);
    expect((await loadPlan(folder)).digest).toBe(before.digest);
  });

  test('changes with any figure', async () => {
    const before = await loadPlan(folder);
    await change('estate.yaml', 'ttl: PT30S', 'ttl: PT31S');
    expect((await loadPlan(folder)).digest).not.toBe(before.digest);
  });
});

describe('a plan with an error is refused with file, line, path and what to do', () => {
  test('an unknown key: the key that was meant is named', async () => {
    await change('estate.yaml', 'holdTime', 'holdtime');
    expect(await findings()).toContainEqual({
      file: 'estate.yaml',
      line: 7,
      path: 'estate.detection.holdtime',
      level: 'error',
      rule: 'schema',
      message: '"holdtime" is not a key of this part of the plan. Write "holdTime" if that was meant, or remove it.',
    });
  });

  test('a wrong type', async () => {
    await change('estate.yaml', 'port: 6379', 'port: "6379"');
    expect(await findings()).toMatchObject([
      { file: 'estate.yaml', path: 'estate.sites.us-east-1.cache.port', message: '"6379" does not fit: write a whole number, such as 443.' },
    ]);
  });

  test('a duration without a unit', async () => {
    await change('plan.yaml', 'rto: PT30M', "rto: '30'");
    expect(await findings()).toMatchObject([
      { file: 'plan.yaml', path: 'functions.customer-api.rto', message: '"30" does not fit: write an ISO 8601 duration such as PT4H, PT15M or PT1M30S.' },
    ]);
  });

  test('a host name with shell characters', async () => {
    await change('estate.yaml', 'host: db.us-east-1.example.com', "host: 'db;reboot'");
    expect(await findings()).toMatchObject([
      {
        path: 'estate.sites.us-east-1.database.host',
        message: '"db;reboot" does not fit: write a host name or an IP address, without scheme, port, spaces or shell characters.',
      },
    ]);
  });

  test('a secret instead of a reference is not repeated', async () => {
    await change('estate.yaml', 'env:DR_DATABASE_OBSERVER_PASSWORD', 'hunter2');
    const [finding] = await findings();
    expect(finding?.path).toBe('estate.database.observer.password');
    expect(JSON.stringify(finding)).not.toContain('hunter2');
  });

  test('a missing part', async () => {
    await change('operations.yaml', /^backups:\n(  - .*\n)+/m, '');
    expect(await findings()).toMatchObject([{ path: 'backups', message: '"backups" is missing. Add it, such as backups: [].' }]);
  });

  test('a name that leads nowhere: the nearest is offered', async () => {
    await change('people.yaml', 'members: [jane-smith, john-doe] }', 'members: [jane-smth, john-doe] }');
    expect(await findings()).toMatchObject([
      {
        file: 'people.yaml',
        line: 11,
        path: 'groups.command-staff.members.0',
        message: '"jane-smth" is no person of this plan. Write "jane-smith" if that was meant, or add a person of that name.',
      },
    ]);
  });

  test('a site without addresses', async () => {
    await change('estate.yaml', '    ap-southeast-1:\n', '    ap-southeast-2:\n');
    const messages = (await findings()).map((finding) => finding.message);
    expect(messages).toContain('"ap-southeast-2" is no site of this plan. Write "ap-southeast-1" if that was meant, or add a site of that name.');
    expect(messages).toContain('estate.sites says nothing about "ap-southeast-1". Add its addresses there, or take the site out of the plan.');
  });

  test('a key in two files', async () => {
    await writeFile(join(folder, 'zz.yaml'), 'sites: []\n');
    expect(await findings()).toMatchObject([
      { file: 'zz.yaml', line: 1, path: 'sites', message: '"sites" stands in plan.yaml too. Keep it in one of the two files.' },
    ]);
  });

  test('a file that is not YAML', async () => {
    await writeFile(join(folder, 'zz.yaml'), 'a: [\n');
    expect(await findings()).toMatchObject([{ file: 'zz.yaml', level: 'error', rule: 'file' }]);
  });

  test('a folder that is not there', async () => {
    await expect(loadPlan(join(folder, 'nowhere'))).rejects.toThrow(
      'There is no such folder that can be read. Name the folder that holds the YAML files of the plan.',
    );
  });
});
