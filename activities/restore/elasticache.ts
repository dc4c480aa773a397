/** The cache restored by ElastiCache: a replication group made of a snapshot, closed until services are let in. */
import type { CacheCluster, ReplicationGroup, Snapshot as CacheSnapshot } from '@aws-sdk/client-elasticache';
import type { Redis } from 'ioredis';
import { utcMoment } from '../../plan/rules/restore-points.ts';
import type { Snapshot } from '../../plan/rules/snapshots.ts';
import type { Endpoint, Plan, SiteId } from '../../plan/schema.ts';
import type { ElastiCacheTarget } from '../../plan/schema/restore-aws.ts';
import { readRedis } from '../cache/redis.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { unseen } from '../error-kinds.ts';
import { failure } from '../errors.ts';
import { cacheLogin, withCache } from '../probing/stores.ts';
import { until } from '../waiting.ts';
import { outOfPlace } from './aws/arn.ts';
import { createElastiCacheApi, type ElastiCacheApi } from './aws/elasticache-api.ts';
import { mustLeadTo } from './aws/endpoint.ts';
import { birthTagKeys, type Made, madeBy, runOf, stageOf, type Standing } from './aws/made.ts';
import type { Openness, Provider, Work } from './aws/provider.ts';

/** Signing in and counting once, and how long that is tried. */
const [signInMilliseconds, untilSeenMilliseconds] = [5_000, 180_000];
const leftAs = 'It was left as it is, and nobody is let in.';

export interface ElastiCacheWork extends Work {
  snapshots(): Promise<readonly Snapshot[]>;
}

/** The plan's target of a site; undefined where its cache is restored by nobody, or by site-restore. */
export function elastiCacheTargetOf({ estate }: Pick<Plan, 'estate'>, site: SiteId): ElastiCacheTarget | undefined {
  return estate.sites[site]?.restore?.cache?.elasticache;
}

export async function withElastiCacheTarget<T>(
  dependencies: ActivityDependencies,
  run: RunContext,
  site: SiteId,
  work: (elastiCache: ElastiCacheWork) => Promise<T>,
): Promise<T> {
  const plan = await dependencies.planOf(run.planDigest);
  const target = elastiCacheTargetOf(plan, site);
  if (!target)
    throw failure('refused', {
      happened: `The plan does not say that ElastiCache restores at ${site} (estate.sites.${site}.restore.cache.elasticache).`,
      leftAs: 'Nothing was changed.',
    });
  const api = await createElastiCacheApi(target, dependencies);
  const snapshots = async () => {
    const prefix = target.source.snapshotPrefix ?? '';
    const found = (await api.snapshots()).filter(({ SnapshotName: name = '' }) => (name.split(':').at(-1) ?? '').startsWith(prefix));
    return found.map((snapshot) => snapshotOf(snapshot, target));
  };
  try {
    return await work({ dependencies, run, site, snapshots, provider: providerOf({ dependencies, site, plan, target, api, snapshots }) });
  } finally {
    api.close();
  }
}

/** Its moment is that at which the last of its nodes was read. */
function snapshotOf(snapshot: CacheSnapshot, target: ElastiCacheTarget): Snapshot {
  const nodes = snapshot.NodeSnapshots ?? [];
  const times = nodes.flatMap(({ SnapshotCreateTime: at }) => (at === undefined ? [] : [at.getTime()]));
  const shards = Math.max(snapshot.NumNodeGroups ?? 1, nodes.length);
  const against =
    outOfPlace(target.region, { arn: snapshot.ARN, key: snapshot.KmsKeyId }) ??
    (snapshot.SnapshotStatus === 'available' ? undefined : `it is ${snapshot.SnapshotStatus ?? 'in an unknown state'}`) ??
    (['redis', 'valkey'].includes(snapshot.Engine ?? '') ? undefined : `it is of ${snapshot.Engine ?? 'an unknown engine'}`) ??
    (shards === 1 ? undefined : `it has ${shards} shards, and one server does not speak for all of them: restore it by hand`) ??
    (times.length > 0 ? undefined : 'AWS tells no moment of it');
  return {
    set: snapshot.SnapshotName ?? '',
    at: times.length > 0 ? utcMoment(new Date(Math.max(...times)).toISOString()) : '',
    bytes: nodes.reduce((sum, { CacheSize: size }) => sum + bytesOf(size), 0),
    ...(snapshot.EngineVersion === undefined ? {} : { version: snapshot.EngineVersion }),
    ...(against === undefined ? {} : { unusable: against }),
  };
}

/** `6 MB`, as AWS writes a size. */
function bytesOf(size: string | undefined): number {
  const [, figure, unit = ''] = /^([\d.]+)\s*([KMGT]?)B?$/i.exec(size ?? '') ?? [];
  return Math.round(Number(figure ?? 0) * 1024 ** ' KMGT'.indexOf(unit.toUpperCase() || ' '));
}

interface Parts {
  readonly dependencies: ActivityDependencies;
  readonly site: SiteId;
  readonly plan: Plan;
  readonly target: ElastiCacheTarget;
  readonly api: ElastiCacheApi;
  snapshots(): Promise<readonly Snapshot[]>;
}

function providerOf({ dependencies, site, plan, target, api, snapshots }: Parts): Provider {
  const { replicationGroup: name, region } = target;
  const { cache } = plan.estate;
  const overTls = cache?.tls !== undefined && cache.tls !== false;
  const groupsOf = (openness: Openness) => (openness === 'closed' ? target.closedSecurityGroups : target.securityGroups);
  return {
    called: `The replication group ${name}`,
    source: `ElastiCache in ${region}`,
    lookByHand: `aws elasticache describe-replication-groups --replication-group-id ${name} --region ${region}`,
    sizes: target.nodeTypes,
    async find() {
      const group = await api.find();
      if (!group) return undefined;
      const tags = await api.tagsOf(group);
      // How far it is nobody knows then: it may have been accepted.
      if (!tags && !isBeforeOrAfter(group))
        throw failure('transient', {
          happened: `ElastiCache tells no tags of the replication group ${name} while it is ${group.Status}.`,
          leftAs: 'Nothing was changed.',
        });
      return madeOf(name, group, tags);
    },
    async against({ set }) {
      // AWS's emulators make a group of a snapshot that does not exist, and it is empty.
      const found = (await snapshots()).find((each) => each.set === set);
      return found ? found.unusable : 'there is no such snapshot any more';
    },
    make: ({ set }, nodeType, tags) => api.restore(set, { nodeType, description: describe(tags), tags, overTls }),
    tag: (tags) => api.tag(tags),
    async differences(openness) {
      const group = await api.find();
      if (!group) return ['it is not there'];
      return differencesOf(group, await api.node(group), (await api.tagsOf(group)) ?? [], target, groupsOf(openness));
    },
    adjust: (openness) =>
      api.modify({
        SecurityGroupIds: [...groupsOf(openness)],
        CacheParameterGroupName: target.parameterGroup,
        SnapshotRetentionLimit: target.backupRetentionDays,
        AutomaticFailoverEnabled: target.multiAz,
        MultiAZEnabled: target.multiAz,
      }),
    remove: () => api.remove(),
    async prove({ set }) {
      const group = await api.find();
      const planned = plan.estate.sites[site]?.restore?.cache;
      if (!planned) throw new Error(`The plan has no cache at ${site}.`);
      const { Address: host, Port: port } = group?.NodeGroups?.[0]?.PrimaryEndpoint ?? {};
      await mustLeadTo(planned, { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) }, `estate.sites.${site}.restore.cache`);
      const bytes = (await snapshots()).find((each) => each.set === set)?.bytes ?? 0;
      return { ...(await proveCache(plan, dependencies, site, { host: planned.host, port: planned.port }, bytes)), made_of: set };
    },
  };
}

/** Until AWS tells its tags, whose it is stands in its description. */
function describe(tags: readonly { readonly Key: string; readonly Value: string }[]): string {
  const told = tags.filter(({ Key }) => birthTagKeys.includes(Key));
  return told.map(({ Key, Value }) => `${Key} ${Value}`).join(', ');
}

function madeOf(name: string, group: ReplicationGroup, tags: Made['tags'] | undefined): Made {
  const status = group.Status ?? 'unknown';
  const described = (group.Description ?? '').split(', ').map((part) => ({ Key: part.slice(0, part.indexOf(' ')), Value: part.slice(part.indexOf(' ') + 1) }));
  return {
    name,
    status,
    standing: standingOf(status),
    size: group.CacheNodeType ?? '',
    tags: tags ?? described.filter(({ Key }) => birthTagKeys.includes(Key)),
  };
}

/** It is being made, or deleted: people have accepted nothing there. */
function isBeforeOrAfter({ Status: status = '' }: ReplicationGroup): boolean {
  return /^(creating|create-failed|deleting)$/.test(status);
}

function standingOf(status: string): Standing {
  if (status === 'available') return 'ready';
  if (status === 'deleting') return 'going';
  return /^(creating|modifying|snapshotting)$/.test(status) ? 'busy' : 'broken';
}

function differencesOf(
  group: ReplicationGroup,
  node: CacheCluster | undefined,
  tags: Made['tags'],
  target: ElastiCacheTarget,
  groups: readonly string[],
): readonly string[] {
  const found = (node?.SecurityGroups ?? []).map(({ SecurityGroupId: id, Status: status }) => (status === 'active' ? (id ?? '') : `${id} (${status})`));
  const is = (what: string, one: unknown, wanted: unknown) =>
    String(one) === String(wanted) ? [] : [`${what} is ${String(one)} instead of ${String(wanted)}`];
  const enabled = (value: string | undefined) => value === 'enabled';
  return [
    ...is('its security groups', found.toSorted(), [...groups].toSorted()),
    ...is('its parameter group', node?.CacheParameterGroup?.CacheParameterGroupName, target.parameterGroup),
    ...is('its subnet group', node?.CacheSubnetGroupName, target.subnetGroup),
    ...is('Multi-AZ', enabled(group.MultiAZ), target.multiAz),
    ...is('automatic failover', enabled(group.AutomaticFailover), target.multiAz),
    ...is('the number of its nodes', group.MemberClusters?.length ?? 0, target.replicas + 1),
    ...is('the retention of its snapshots in days', group.SnapshotRetentionLimit ?? 0, target.backupRetentionDays),
    ...(target.kmsKey === undefined ? [] : is('its key', group.KmsKeyId, target.kmsKey)),
    ...Object.entries(target.tags ?? {}).flatMap(([key, value]) => is(`its tag ${key}`, tags.find(({ Key }) => Key === key)?.Value ?? 'absent', value)),
  ];
}

/** Redis counts what it has loaded, what it left out, and what has expired since: together that must be what is there. */
async function proveCache(
  plan: Plan,
  dependencies: ActivityDependencies,
  site: SiteId,
  endpoint: Endpoint,
  bytesInSnapshot: number,
): Promise<Readonly<Record<string, string>>> {
  const { estate } = plan;
  const login = await cacheLogin(plan, dependencies.secret);
  const there = { ...plan, estate: { ...estate, sites: { ...estate.sites, [site]: { ...estate.sites[site], cache: endpoint } } } } as Plan;
  let reason = 'no answer';
  const read = await until(
    () =>
      withCache(there, site, login, signInMilliseconds, readContents).catch((error: unknown) => {
        const seen = unseen(error);
        reason = seen.reason;
        if (seen.type === 'permanent') throw failure('permanent', { happened: `The restored cache at ${site} lets its observer not in: ${reason}.`, leftAs });
        return undefined;
      }),
    { everyMilliseconds: 1_000, withinMilliseconds: untilSeenMilliseconds },
  );
  if (!read)
    throw failure('transient', {
      happened: `The restored cache at ${site} does not answer at ${endpoint.host}:${endpoint.port}: ${reason}.`,
      leftAs,
      next: 'See that closedSecurityGroups of the plan let in the workers and that the name leads there, then choose retry.',
    });
  const { role, keys, expired, loaded, leftOut, version } = read;
  if (role !== 'primary') throw failure('transient', { happened: `The restored cache at ${site} is a ${role}.`, leftAs });
  if (bytesInSnapshot > 0 && loaded === 0 && keys + expired + (leftOut ?? 0) === 0)
    throw failure('permanent', {
      happened: `The restored cache at ${site} has loaded no key, and AWS gives its snapshot ${bytesInSnapshot} bytes.`,
      leftAs,
      next: 'See what was restored. Choose undo, which discards it, or skip, and the cache starts empty.',
    });
  if (loaded !== undefined && keys + expired < loaded)
    throw failure('permanent', {
      happened: `The restored cache at ${site} loaded ${loaded} keys, has ${keys}, and ${expired} have expired since.`,
      leftAs,
      next: 'Somebody has taken keys out of it. Choose undo, which discards it, and start again.',
    });
  return {
    ...(loaded === undefined ? {} : { keys_in_set: String(loaded + (leftOut ?? 0)) }),
    keys_after: String(keys),
    expired_since: String(expired + (leftOut ?? 0)),
    engine: `Redis ${version}`,
  };
}

async function readContents(redis: Redis) {
  const [reading, server, persistence] = await Promise.all([readRedis(redis), redis.info('server'), redis.info('persistence')]);
  const figure = (name: string) => {
    const [, value] = new RegExp(`^${name}:(\\d+)`, 'm').exec(persistence) ?? [];
    return value === undefined ? undefined : Number(value);
  };
  const { role, keys, expiredKeys: expired } = reading;
  const version = /^(?:valkey|redis)_version:(\S+)/m.exec(server)?.[1] ?? '?';
  return { role, keys, expired, version, loaded: figure('rdb_last_load_keys_loaded'), leftOut: figure('rdb_last_load_keys_expired') };
}

/** For `confirm-again`. */
export async function lookAtElastiCache({ provider, run, snapshots }: ElastiCacheWork, set: string) {
  const why = await provider.against({ set });
  if (why !== undefined) return { ready: false as const, reason: `${set} cannot be restored: ${why}.` };
  const made = await provider.find();
  const inTheWay = made !== undefined && (madeBy(made, run) === 'a stranger' || stageOf(made) === 'accepted' || stageOf(made) === 'opening');
  if (inTheWay) return { ready: false as const, reason: `${provider.called} is there already, made by ${runOf(made) ?? 'no run of this estate'}.` };
  const bytes = (await snapshots()).find((each) => each.set === set)?.bytes ?? 0;
  return { ready: true as const, bytesNeeded: bytes, bytesFree: bytes };
}
