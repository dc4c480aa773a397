import { beforeAll, describe, expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { findProblems } from '../../../plan/lint.ts';
import { loadPlan } from '../../../plan/load.ts';
import { judgeDatabaseFence, type PrimaryHeartbeat } from '../../../plan/rules/fence-proof.ts';
import { isSameStandby, siteOfStandby, standbyName, standbyNames } from '../../../plan/rules/standby-names.ts';
import { planSchema, type Plan } from '../../../plan/schema.ts';

let plan: Plan;

beforeAll(async () => {
  plan = (await loadPlan(fileURLToPath(new URL('../../../plan/erlmcp', import.meta.url)))).plan;
});

/** The plan in which the databases of two sites call themselves otherwise. */
function named(names: Readonly<Record<string, string>>): Plan {
  const draft = structuredClone(plan);
  for (const [site, standby] of Object.entries(names)) {
    const { database } = draft.estate.sites[site] ?? {};
    if (database) database.standbyName = standby;
  }
  return draft;
}

describe('the name of a standby', () => {
  test('is the id of its site unless the plan gives another', () => {
    const changed = named({ 'eu-central-1': 'db_tromso' });
    expect(standbyNames(changed, ['eu-central-1', 'ap-southeast-1'])).toEqual(['db_tromso', 'ap-southeast-1']);
    expect(standbyName(changed, 'dr'), 'a site without a database').toBe('dr');
  });

  test('leads back to its site, in whatever case the server writes it', () => {
    const changed = named({ 'eu-central-1': 'db_tromso' });
    expect(siteOfStandby(changed, 'DB_Tromso')).toBe('eu-central-1');
    expect(siteOfStandby(changed, 'ap-southeast-1')).toBe('ap-southeast-1');
    expect(siteOfStandby(changed, 'eu-central-1'), 'its id is no name of it any more').toBeUndefined();
    expect(siteOfStandby(changed, 'dr'), 'a site without a database has no standby').toBeUndefined();
    expect(siteOfStandby(changed, 'pg_basebackup')).toBeUndefined();
  });

  test('is compared as PostgreSQL does', () => {
    expect(isSameStandby('db_tromso', 'DB_TROMSO')).toBe(true);
    expect(isSameStandby('db_tromso', 'db_tromso2')).toBe(false);
  });
});

describe('the fence by replication under names of the plan', () => {
  const heartbeat: PrimaryHeartbeat = {
    writtenAt: '2026-03-01T03:00:00Z',
    synchronousStandbyNames: 'ANY 1 ("DB_Tromso")',
    synchronousCommit: 'on',
    overrides: [],
    standbys: ['db_tromso=quorum', 'ap-southeast-1=async'],
  };
  const facts = { heartbeat, lostAt: '2026-03-01T03:00:01Z', heartbeatMaxAgeSeconds: 10 };
  const survivors = ['eu-central-1', 'ap-southeast-1'];

  test('is proven by the standby that the primary waited for', () => {
    expect(judgeDatabaseFence({ ...facts, left: standbyNames(named({ 'eu-central-1': 'db_tromso' }), survivors) })).toMatchObject({ proven: true });
  });

  test('is not by ids of sites that are no names', () => {
    expect(judgeDatabaseFence({ ...facts, left: standbyNames(plan, survivors) })).toMatchObject({ proven: false });
  });
});

describe('the plan', () => {
  const said = (draft: Plan) => findProblems(draft).flatMap(({ rule, level, message }) => (rule === 'standby-names-apart' ? [`${level}: ${message}`] : []));

  test('may not give two standbys one name, also not in another case or by the id of a site', () => {
    expect(said(plan)).toEqual([]);
    expect(said(named({ 'eu-central-1': 'standby', 'ap-southeast-1': 'Standby' }))).toEqual([
      'error: The databases of eu-central-1 and ap-southeast-1 have one name, Standby, so that neither is known by it. Give each a name of its own in primary_conninfo (application_name=…), and write it here.',
    ]);
    expect(said(named({ 'eu-central-1': 'AP-southeast-1' }))).toHaveLength(1);
  });

  test('lets no name in that is more than a word', () => {
    for (const [name, ok] of [
      ['db_tromso', true],
      ['DB-1.example', true],
      ["db'; select", false],
      ['*', false],
      ['x'.repeat(64), false],
    ] as const)
      expect(planSchema.safeParse(named({ 'eu-central-1': name })).success, name).toBe(ok);
  });
});
