/** Goal: a plan whose target is at AWS says all that AWS wants, before the day. Method: the plan of erlmcp with such a target, and what is left out or contradicts itself. */
import { beforeAll, expect, test } from 'vitest';
import { findProblems } from '../../plan/lint.ts';
import { loadPlan } from '../../plan/load.ts';
import { type Plan, planSchema } from '../../plan/schema.ts';
import type { ElastiCacheTarget, RdsTarget } from '../../plan/schema/restore-aws.ts';

type Restore = NonNullable<Plan['estate']['sites'][string]['restore']>;

let plan: Plan;

beforeAll(async () => {
  ({ plan } = await loadPlan('plan/erlmcp'));
});

const shared = {
  region: 'eu-west-1',
  subnetGroup: 'dr',
  parameterGroup: 'dr',
  multiAz: true,
  backupRetentionDays: 7,
  closedSecurityGroups: ['sg-0c105ed0'],
  securityGroups: ['sg-0e4e4e00'],
};
const rds: RdsTarget = { ...shared, instance: 'shop-dr', source: { instance: 'shop-copy' }, classes: ['db.r6g.large'], deletionProtection: true };
const elasticache: ElastiCacheTarget = {
  ...shared,
  replicationGroup: 'shop-dr',
  source: { replicationGroup: 'shop-cache' },
  nodeTypes: ['cache.r6g.large'],
  replicas: 1,
};

/** The plan with a target at AWS and no host that restores, then changed. */
function problems(change: (restore: Restore, draft: Plan) => void): string[] {
  const draft = structuredClone(plan);
  const dr = draft.estate.sites['dr'];
  if (!dr?.restore?.cache || !draft.estate.restore) throw new Error('The plan has changed.');
  const { database, cache } = dr.restore;
  dr.restore = { database: { ...database, rds: structuredClone(rds) }, cache: { ...cache, elasticache: structuredClone(elasticache) } };
  for (const part of ['ssh', 'application', 'sessions'] as const) delete draft.estate.restore[part];
  const { coldStart } = draft.procedures;
  if (coldStart) coldStart.steps = coldStart.steps.filter(({ id }) => !['restore-application', 'restore-sessions', 'configure'].includes(id));
  change(dr.restore, draft);
  return findProblems(draft).flatMap(({ rule, level, message }) => (level === 'error' ? [`${rule}: ${message}`] : []));
}

test('a target at AWS needs no host that restores', () => {
  expect(problems(() => undefined)).toEqual([]);
  const { estate } = plan;
  const dr = estate.sites['dr'];
  const database = { host: 'db.dr.example.com', port: 5432, rds };
  expect(planSchema.safeParse({ ...plan, estate: { ...estate, sites: { ...estate.sites, dr: { ...dr, restore: { database } } } } }).success).toBe(true);
});

test('a database at AWS may be restored for an estate whose own is RDS, too', () => {
  const own = (draft: Plan) => Object.assign(draft.estate.database, { driver: 'rds', instances: {}, tls: true });
  expect(problems((_restore, draft) => own(draft)).filter((each) => each.startsWith('restore-on-hosts'))).toEqual([]);
});

test.each<[string, (restore: Restore, draft: Plan) => void, string]>([
  [
    'no host where site-restore restores',
    (restore) => (delete restore.database.rds, delete restore.cache),
    'restore-host-given: The database of dr is restored by site-restore, and the plan does not give its host, port, hostKey.',
  ],
  [
    'nobody as whom site-restore is asked',
    (restore) => (delete restore.database.rds, delete restore.cache),
    'restore-host-given: dr is restored by site-restore, and the plan does not say as whom it is asked. Add estate.restore.ssh.',
  ],
  [
    'one store at AWS, and one on a host',
    (restore) => delete restore.cache?.elasticache,
    'restore-at-one-place: At dr the database is restored at AWS, and not so: cache. They cannot be accepted together.',
  ],
  [
    'an archive that a host unpacks beside a database at AWS',
    (_restore, draft) => Object.assign(draft.estate.restore ?? {}, { sessions: plan.estate.restore?.sessions }),
    'restore-at-one-place: At dr the database is restored at AWS, and not so: sessions. They cannot be accepted together.',
  ],
  [
    'a key of another region',
    ({ database }) => Object.assign(database.rds ?? {}, { kmsKey: 'arn:aws:kms:us-east-1:123456789012:key/a' }),
    'restore-aws-whole: The key of dr is of us-east-1, and what is restored is in eu-west-1.',
  ],
  [
    'security groups that keep nobody out',
    ({ database }) => Object.assign(database.rds ?? {}, { closedSecurityGroups: ['sg-0e4e4e00'] }),
    'restore-aws-whole: The security groups until services are let in are those from then on',
  ],
  [
    'zones beside Multi-AZ',
    ({ database }) => Object.assign(database.rds ?? {}, { zones: ['eu-west-1a'] }),
    'restore-aws-whole: With multiAz AWS chooses the zones.',
  ],
  [
    'the name of what is restored',
    ({ database }) => Object.assign(database.rds ?? {}, { instance: 'shop-copy' }),
    'restore-aws-whole: The DB instance to make has the name of the one that is restored, shop-copy.',
  ],
  [
    'the name of the group that is restored',
    ({ cache }) => Object.assign(cache?.elasticache ?? {}, { replicationGroup: 'shop-cache' }),
    'restore-aws-whole: The replication group to make has the name of the one that is restored, shop-cache.',
  ],
  [
    'Multi-AZ without a replica',
    ({ cache }) => Object.assign(cache?.elasticache ?? {}, { replicas: 0 }),
    'restore-aws-whole: With multiAz a replica takes over, and the plan has none.',
  ],
])('%s is an error', (_what, change, message) => {
  expect(problems(change)).toEqual(expect.arrayContaining([expect.stringContaining(message)]));
});

test.each([
  ['a tag that is the run’s', { tags: { 'dr-run': 'x' } }],
  ['a class of another service', { classes: ['cache.r6g.large'] }],
  ['no class', { classes: [] }],
  ['no retention', { backupRetentionDays: 0 }],
  ['a name for a security group', { securityGroups: ['default'] }],
])('%s is refused', (_what, change) => {
  const { estate } = plan;
  const restore = { database: { host: 'db.dr.example.com', port: 5432, rds: { ...rds, ...change } } };
  expect(planSchema.safeParse({ ...plan, estate: { ...estate, sites: { ...estate.sites, dr: { ...estate.sites['dr'], restore } } } }).success).toBe(false);
});
