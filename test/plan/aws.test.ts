/** Goal: schema and laws know the drivers of AWS that a plan may name. */
import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { findDanglingReferences } from '../../plan/lint/references.ts';
import { findProblems, lintPlan } from '../../plan/lint.ts';
import { loadPlan } from '../../plan/load.ts';
import type { Plan } from '../../plan/schema.ts';
import { cache, capacity, database } from '../../plan/schema/estate.ts';
import { secretReferences } from '../../plan/secrets.ts';

const tickets = resolve(import.meta.dirname, '../plans/tickets');
let plan: Plan;

beforeAll(async () => {
  plan = structuredClone((await loadPlan(tickets)).plan);
});

/** The parts of the plan that AWS runs. */
function partsOf({ estate }: Plan) {
  const { database: rds, cache: datastore, capacity: groups } = estate;
  if (rds.driver !== 'rds' || datastore?.driver !== 'elasticache' || groups?.driver !== 'auto-scaling') throw new Error('The plan has changed.');
  return { rds, datastore, groups };
}

test('a plan of RDS, ElastiCache and Auto Scaling can be used, and every warning is accepted in its own notes', async () => {
  const check = await lintPlan(tickets);
  expect(check.usable).toBe(true);
  expect(check.findings.filter((finding) => finding.acceptedBy === undefined)).toEqual([]);
});

test('a target that a driver does not know is an error, for each driver', () => {
  const { rds, datastore, groups } = partsOf(plan);
  const changed = structuredClone(plan);
  const { dublin: _instance, ...instances } = rds.instances;
  const { dublin: _member, ...replicationGroups } = datastore.replicationGroups;
  const { dublin: _groups, ...sites } = groups.sites;
  changed.estate = {
    ...changed.estate,
    database: { ...rds, instances },
    cache: { ...datastore, replicationGroups },
    capacity: { ...groups, sites },
  };
  expect(findProblems(changed).flatMap(({ level, path }) => (level === 'error' ? [path.join('.')] : []))).toEqual([
    'estate.database.instances',
    'estate.cache.replicationGroups',
    'estate.capacity.sites',
  ]);
});

test('a driver that knows a site which is not there does not load', () => {
  const { rds, datastore, groups } = partsOf(plan);
  const [place, member, group] = [rds.instances['dublin'], datastore.replicationGroups['dublin'], groups.sites['dublin']];
  if (!place || !member || !group) throw new Error('The plan has changed.');
  const estate = {
    ...plan.estate,
    database: { ...rds, instances: { ...rds.instances, dublyn: place } },
    cache: { ...datastore, replicationGroups: { ...datastore.replicationGroups, dublyn: member } },
    capacity: { ...groups, sites: { ...groups.sites, rome: group } },
  };
  expect(findDanglingReferences({ ...plan, estate }).map(({ path }) => path.join('.'))).toEqual([
    'estate.database.instances.dublyn',
    'estate.cache.replicationGroups.dublyn',
    'estate.capacity.sites.rome',
  ]);
});

test('a driver takes what is its own and nothing else', () => {
  const { estate } = plan;
  expect(database.safeParse({ ...estate.database, heartbeatTable: 'dr_heartbeat' }).success).toBe(false);
  expect(database.safeParse({ ...estate.database, driver: 'mysql' }).success).toBe(false);
  expect(cache.safeParse({ ...estate.cache, replicaMaxLag: 'PT5S' }).success).toBe(false);
  expect(cache.safeParse({ ...estate.cache, driver: 'redis' }).success).toBe(false);
  expect(capacity.safeParse({ driver: 'agent', sites: {} }).success).toBe(false);
  expect(capacity.safeParse({ driver: 'auto-scaling', sites: { dublin: { region: 'Dublin', groups: ['a'], fullLoadInstances: 1 } } }).success).toBe(false);
});

test('static credentials are references to secrets, which the check of secrets finds', () => {
  const credentials = { accessKeyId: 'env:KEY', secretAccessKey: 'env:SECRET' };
  const { rds, datastore, groups } = partsOf(plan);
  const estate = {
    ...plan.estate,
    database: { ...rds, credentials },
    cache: { ...datastore, credentials },
    capacity: { ...groups, credentials },
  };
  const paths = secretReferences({ ...plan, estate }).map(({ path }) => path.join('.'));
  expect(paths.filter((path) => path.includes('credentials'))).toEqual([
    'estate.database.credentials.accessKeyId',
    'estate.database.credentials.secretAccessKey',
    'estate.cache.credentials.accessKeyId',
    'estate.cache.credentials.secretAccessKey',
    'estate.capacity.credentials.accessKeyId',
    'estate.capacity.credentials.secretAccessKey',
  ]);
});
