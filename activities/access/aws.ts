/** What the plan's drivers of AWS need at a site, tried by reading. Whether the API lets the worker change it shows only when a run does. */
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import { createElastiCache, siteOfMember } from '../cache/elasticache-api.ts';
import { createRds } from '../database/rds-api.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { withoutHint } from '../../plan/rules/sentences.ts';
import { instancesFor, readGroups } from '../infrastructure/auto-scaling.ts';
import { ApplicationFailure } from '@temporalio/common';
import { lacking, ok, unreachable, words, type Subject } from './checks.ts';
import { autoScalingPolicy, elastiCachePolicy, rdsPolicy } from './lines.ts';
import type { AccessCheck } from './port.ts';

type Secrets = Pick<ActivityDependencies, 'secret'>;

/** The DB instance of the site, where the database is RDS. */
export async function checkRds(plan: Plan, site: SiteId, dependencies: Secrets): Promise<readonly AccessCheck[]> {
  const { database, sites } = plan.estate;
  if (database.driver !== 'rds' || !sites[site]?.database) return [];
  const subject: Subject = {
    what: 'RDS API',
    steps: stepsThatReach('database by its API'),
    as: database.credentials?.accessKeyId ?? "the SDK's own credentials",
  };
  return withAnswer(subject, rdsPolicy(), async () => {
    const rds = await createRds(plan, site, dependencies);
    try {
      const { name, status, source } = await rds.read();
      return [ok(subject, `${name} is ${status}, ${source === undefined ? 'no read replica' : `a read replica of ${source}`}; promoting is not tried`)];
    } finally {
      rds.close();
    }
  });
}

/** The Global Datastore as the site's region knows it, where it is the cache: its members are the replication groups of the plan. */
export async function checkElastiCache(plan: Plan, site: SiteId, dependencies: Secrets): Promise<readonly AccessCheck[]> {
  const { cache, sites } = plan.estate;
  if (cache?.driver !== 'elasticache' || !sites[site]?.cache) return [];
  const subject: Subject = {
    what: 'ElastiCache API',
    steps: stepsThatReach('cache by its API'),
    as: cache.credentials?.accessKeyId ?? "the SDK's own credentials",
  };
  return withAnswer(subject, elastiCachePolicy(), async () => {
    const elastiCache = await createElastiCache(plan, site, dependencies);
    try {
      const { status, members } = await elastiCache.read();
      const [group] = await Promise.all([elastiCache.readStatus(), elastiCache.readTags()]);
      const known = members.map((member) => siteOfMember(plan, member));
      const strangers = members
        .filter((_member, index) => known[index] === undefined)
        .map(({ replicationGroup, region }) => `${replicationGroup} in ${region}`);
      const missing = Object.keys(cache.replicationGroups).filter((other) => !known.includes(other));
      if (missing.length > 0)
        return [lacking(subject, `The Global Datastore ${elastiCache.name} has no member that the plan gives for ${missing.join(', ')}.`)];
      if (strangers.length > 0)
        return [lacking(subject, `The Global Datastore ${elastiCache.name} has members that the plan does not name: ${strangers.join(', ')}.`)];
      const primary = known[members.findIndex((member) => member.primary)] ?? 'nobody';
      const own = `${elastiCache.replicationGroup} is ${group}`;
      return [ok(subject, `${own}, in ${elastiCache.name}, which is ${status} with its primary at ${primary}; failing over is not tried`)];
    } finally {
      elastiCache.close();
    }
  });
}

/** The Auto Scaling groups of the site, where they are its capacity: the first one must be allowed to carry all that the plan asks. */
export async function checkAutoScaling(plan: Plan, site: SiteId, dependencies: Secrets): Promise<readonly AccessCheck[]> {
  const { capacity } = plan.estate;
  const place = capacity?.driver === 'auto-scaling' ? capacity.sites[site] : undefined;
  if (capacity?.driver !== 'auto-scaling' || !place) return [];
  const subject: Subject = {
    what: 'Auto Scaling API',
    steps: stepsThatReach('capacity'),
    as: capacity.credentials?.accessKeyId ?? "the SDK's own credentials",
  };
  const percent = plan.sites.find(({ id }) => id === site)?.capacity.failoverPercent ?? 100;
  const needed = instancesFor(place.fullLoadInstances, percent);
  return withAnswer(subject, autoScalingPolicy(), async () => {
    const groups = await readGroups(plan, site, dependencies);
    const small = groups.filter(({ maximum }) => maximum < needed);
    const [first] = small;
    if (!first) return [ok(subject, `${groups.map(({ name, inService }) => `${name} has ${inService} in service`).join(', ')}; resizing is not tried`)];
    const line = small.map(({ name }) => `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${name} --max-size ${needed}`).join('\n');
    return [
      lacking(subject, `${first.name} may have ${first.maximum} instances, and the plan asks for ${needed}.`, {
        where: `shell with rights in ${place.region}`,
        line,
      }),
    ];
  });
}

/** What the API says, or what it says against it, with the policy that is lacking. */
export async function withAnswer(subject: Subject, policy: string, look: () => Promise<readonly AccessCheck[]>): Promise<readonly AccessCheck[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) return [unreachable(subject, words(error))];
    const text = withoutHint(error.message);
    if (error.type === 'secret-missing') throw error;
    if (error.type === 'transient') return [unreachable(subject, text)];
    const denied = /AccessDenied|Unauthorized|NotAuthorized|Credentials|InvalidClientToken|SignatureDoesNotMatch|ExpiredToken/.test(text);
    return [lacking(subject, text, denied ? { where: 'IAM policy of this identity', line: policy } : undefined)];
  }
}
