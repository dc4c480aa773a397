/**
 * ElastiCache Global Datastore: read by the observer, promoted by the API. Replicas of other regions are asynchronous and follow the primary only, and no agent closes
 * it: what that means for the fence is in `activities/fencing/elasticache.ts` and docs/aws.md.
 */
import type { SiteId } from '../../plan/schema.ts';
import { takeResource, tagValue, type Tag, type TaggedResource } from '../aws/epoch-tag.ts';
import { unlessTransient } from '../aws/errors.ts';
import { promotedByNoRun, promotionTagKey } from '../aws/promotion.ts';
import type { Change, RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { until } from '../waiting.ts';
import { compareContents } from './contents.ts';
import { createElastiCache, siteOfMember, type DatastoreMember, type ElastiCache, type GlobalDatastore } from './elasticache-api.ts';
import { observeCache } from './observer.ts';
import type { CacheActivities, CacheState, Comparison } from './port.ts';
import type { RedisReading } from './redis.ts';

const poll = { everyMilliseconds: 1_000, withinMilliseconds: Infinity };
const notPromoted = 'The cache was not promoted.';

/** States in which AWS fails a datastore over. */
const accepted = /^(available|primary-only)$/;
/** Those, and what passes by itself; in any other one a run would wait in vain. */
const passing = /^(available|primary-only|modifying)$/;

type Promoted = Change & { readonly comparison: Comparison };

export function createElastiCacheActivities(dependencies: ActivityDependencies): CacheActivities {
  return {
    readCache: ({ run, site }) => readCache(dependencies, run, site),

    async followCache({ site, source }) {
      throw failure('refused', {
        happened: `The cache at ${site} is not as far as the one at ${source}, and in a Global Datastore a replica follows whom ElastiCache lets it follow.`,
        leftAs: 'Nothing was changed.',
        next: `Choose undo and fail over to ${source}; or skip, and accept what is missing.`,
      });
    },

    promoteCache: ({ run, site, replicas }) =>
      withElastiCache(dependencies, run, site, async (elastiCache) => {
        const changed = await promote(dependencies, run, site, elastiCache);
        return describePromotion(dependencies, run, { site, replicas, changed, region: elastiCache.region });
      }),
  };
}

async function withElastiCache<T>(
  dependencies: ActivityDependencies,
  run: RunContext,
  site: SiteId,
  work: (elastiCache: ElastiCache) => Promise<T>,
): Promise<T> {
  const elastiCache = await createElastiCache(await dependencies.planOf(run.planDigest), site, dependencies);
  try {
    return await work(elastiCache);
  } finally {
    elastiCache.close();
  }
}

/** State by the observer; whom it follows and who promoted it by the API. An API that does not answer leaves these unknown: no primary is taken for a run's unless it says so. */
async function readCache(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<CacheState> {
  const plan = await dependencies.planOf(run.planDigest);
  const asked = withElastiCache(dependencies, run, site, async (elastiCache) => {
    const datastore = await elastiCache.read();
    const source = datastore.members.find((member) => member.primary);
    const own = isPrimary(datastore, elastiCache);
    return { source: source && siteOfMember(plan, source), promoted: own && notedBy(await elastiCache.readTags()) !== undefined };
  }).catch(() => undefined);
  const seen = await observeCache(dependencies, run, site);
  if (!seen.reachable) return { site, ...seen };
  const told = await asked;
  if (seen.server.role === 'replica') return { site, reachable: true, ...seen.server, follows: told?.source ?? 'unknown', standing: 'replica' };
  const standing = !told ? 'untold' : told.promoted ? 'promoted' : 'unexplained';
  return { site, reachable: true, ...seen.server, follows: 'none', standing };
}

/** True when this call changed something; false when a run of this estate had promoted it before. */
async function promote(dependencies: ActivityDependencies, run: RunContext, site: SiteId, elastiCache: ElastiCache): Promise<boolean> {
  const server = await mustObserve(dependencies, run, site);
  if (server.role === 'primary' && isPrimary(await elastiCache.read(), elastiCache)) {
    if (notedBy(await elastiCache.readTags()) !== undefined) return false;
    throw promotedByNoRun('cache', site);
  }
  const datastore = await until(async () => whenAccepted(await unlessTransient(settled(elastiCache))), poll);
  // What was waited for may be a failover whose answer was lost.
  if (!datastore || !isPrimary(datastore, elastiCache)) {
    await takeResource(dependencies, run, taggedGroup(elastiCache, site), notPromoted);
    await elastiCache.tag({ Key: promotionTagKey, Value: run.execution });
    await elastiCache.failover();
  }
  // A server that does not answer is waited for, a datastore that AWS calls broken is not.
  await until(async () => {
    const now = await unlessTransient(settled(elastiCache));
    if (!now || !isPrimary(now, elastiCache)) return undefined;
    const seen = await observeCache(dependencies, run, site);
    return seen.reachable && seen.server.role === 'primary' ? true : undefined;
  }, poll);
  return true;
}

/** The datastore, unless it is in a state in which nothing comes of waiting. */
async function settled(elastiCache: ElastiCache): Promise<GlobalDatastore> {
  const datastore = await elastiCache.read();
  const { name, region, replicationGroup } = elastiCache;
  const next = `Look at it (aws elasticache describe-global-replication-groups --global-replication-group-id ${name} --show-member-info --region ${region}), fix it, then choose retry.`;
  if (!passing.test(datastore.status))
    throw failure('permanent', { happened: `The Global Datastore ${name} is ${datastore.status}.`, leftAs: 'Nothing more was changed there.', next });
  if (!datastore.members.some((member) => isOwn(member, elastiCache)))
    throw failure('permanent', { happened: `${replicationGroup} in ${region} is no member of the Global Datastore ${name}.`, leftAs: notPromoted, next });
  return datastore;
}

function whenAccepted(datastore: GlobalDatastore | undefined): GlobalDatastore | undefined {
  return datastore && accepted.test(datastore.status) ? datastore : undefined;
}

function isOwn(member: DatastoreMember, { replicationGroup, region }: ElastiCache): boolean {
  return member.replicationGroup === replicationGroup && member.region === region;
}

function isPrimary({ members }: GlobalDatastore, elastiCache: ElastiCache): boolean {
  return members.some((member) => member.primary && isOwn(member, elastiCache));
}

async function mustObserve(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<RedisReading> {
  const seen = await observeCache(dependencies, run, site);
  if (seen.reachable) return seen.server;
  throw failure(seen.type, { happened: `The cache at ${site} does not tell its role: ${seen.reason}.`, leftAs: notPromoted }, { site });
}

/** Replicas are pointed at the new primary by ElastiCache; those that already follow are compared with it. */
async function describePromotion(
  dependencies: ActivityDependencies,
  run: RunContext,
  promoted: { readonly site: SiteId; readonly replicas: readonly SiteId[]; readonly changed: boolean; readonly region: string },
): Promise<Promoted> {
  const { site, replicas, changed, region } = promoted;
  const seen = await Promise.all(replicas.map(async (replica) => ({ replica, state: await observeCache(dependencies, run, replica) })));
  const linked = seen.flatMap(({ replica, state }) => (state.reachable && state.server.linkUp ? [replica] : []));
  const notes = seen.flatMap(({ replica, state }) =>
    linked.includes(replica) ? [] : [`${replica} does not follow yet: ${state.reachable ? 'its link is down' : state.reason}`],
  );
  return {
    before: 'secondary of the Global Datastore',
    after: ['primary', ...notes].join('; '),
    changed,
    source: `ElastiCache in ${region}, and Redis itself`,
    at: dependencies.now().toISOString(),
    comparison: await compareContents(dependencies, run, site, linked),
  };
}

function taggedGroup(elastiCache: ElastiCache, site: SiteId): TaggedResource {
  return { name: `The replication group of ${site}`, readTags: () => elastiCache.readTags(), writeTag: (tag) => elastiCache.tag(tag) };
}

/** Execution of the run that promoted this replication group, or meant to. */
function notedBy(tags: readonly Tag[]): string | undefined {
  return tagValue(tags, promotionTagKey);
}
