/**
 * What the ElastiCache API tells and does about one Global Datastore, asked in the region of one site: that of a lost region may be gone, and each region knows the whole
 * datastore. Whether a server takes writes, Redis itself says.
 */
import {
  AddTagsToResourceCommand,
  DescribeGlobalReplicationGroupsCommand,
  DescribeReplicationGroupsCommand,
  ElastiCacheClient,
  FailoverGlobalReplicationGroupCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-elasticache';
import type { Plan, SiteId } from '../../plan/schema.ts';
import { awsClientOptions, bounded, boundedChange } from '../aws/client.ts';
import type { Tag } from '../aws/epoch-tag.ts';
import { rethrowAws } from '../aws/errors.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';

export interface DatastoreMember {
  readonly replicationGroup: string;
  readonly region: string;
  readonly primary: boolean;
}

export interface GlobalDatastore {
  /** Such as `available`, `modifying`, `primary-only`. */
  readonly status: string;
  readonly members: readonly DatastoreMember[];
}

/** The Global Datastore of the plan, and in it the replication group of one site. */
export interface ElastiCache {
  readonly name: string;
  readonly region: string;
  readonly replicationGroup: string;
  /** A `permanent` failure where the datastore has several shards: one server would not speak for all of them. */
  read(): Promise<GlobalDatastore>;
  /** State of the site's replication group by itself, such as `available`. */
  readStatus(): Promise<string>;
  readTags(): Promise<readonly Tag[]>;
  tag(tag: { readonly Key: string; readonly Value: string }): Promise<void>;
  /** Makes the site's replication group the primary. */
  failover(): Promise<void>;
  close(): void;
}

const unchanged = 'Nothing was changed.';

/** The datastore, asked in the region of a site. A `permanent` failure when the plan names no replication group there. */
export async function createElastiCache(plan: Plan, site: SiteId, dependencies: Pick<ActivityDependencies, 'secret'>): Promise<ElastiCache> {
  const { cache } = plan.estate;
  const place = cache?.driver === 'elasticache' ? cache.replicationGroups[site] : undefined;
  if (cache?.driver !== 'elasticache' || !place)
    throw failure('permanent', {
      happened: `The plan names no replication group for ${site}.`,
      leftAs: unchanged,
      next: 'Add it to estate.cache.replicationGroups.',
    });
  const client = new ElastiCacheClient(await awsClientOptions(place, cache.credentials, dependencies));
  const { replicationGroup, region } = place;
  const group = async (): Promise<{ readonly arn: string; readonly status: string }> => {
    const command = new DescribeReplicationGroupsCommand({ ReplicationGroupId: replicationGroup });
    const { ReplicationGroups: found } = await client
      .send(command, bounded())
      .catch(rethrowAws(`Reading the replication group ${replicationGroup}`, unchanged));
    const [one] = found ?? [];
    if (!one?.ARN) throw failure('permanent', { happened: `There is no replication group ${replicationGroup} in ${region}.`, leftAs: unchanged });
    return { arn: one.ARN, status: one.Status ?? 'unknown' };
  };
  return {
    name: cache.globalDatastore,
    region,
    replicationGroup,
    read: () => readDatastore(client, cache.globalDatastore, region),
    readStatus: async () => (await group()).status,
    async readTags() {
      const command = new ListTagsForResourceCommand({ ResourceName: (await group()).arn });
      const { TagList: tags } = await client
        .send(command, bounded())
        .catch(rethrowAws(`Reading the tags of the replication group ${replicationGroup}`, unchanged));
      return tags ?? [];
    },
    async tag(tag) {
      const command = new AddTagsToResourceCommand({ ResourceName: (await group()).arn, Tags: [tag] });
      await client.send(command, boundedChange()).catch(rethrowAws(`Tagging the replication group ${replicationGroup}`, 'The cache was not promoted.'));
    },
    async failover() {
      const primary = { PrimaryRegion: region, PrimaryReplicationGroupId: replicationGroup };
      const command = new FailoverGlobalReplicationGroupCommand({ GlobalReplicationGroupId: cache.globalDatastore, ...primary });
      const what = `Failing the Global Datastore ${cache.globalDatastore} over to ${replicationGroup}`;
      await client.send(command, boundedChange()).catch(rethrowAws(what, 'Whether it is promoted is read at the next attempt.'));
    },
    close: () => client.destroy(),
  };
}

async function readDatastore(client: ElastiCacheClient, name: string, region: string): Promise<GlobalDatastore> {
  const command = new DescribeGlobalReplicationGroupsCommand({ GlobalReplicationGroupId: name, ShowMemberInfo: true });
  const { GlobalReplicationGroups: found } = await client.send(command, bounded()).catch(rethrowAws(`Reading the Global Datastore ${name}`, unchanged));
  const [datastore] = found ?? [];
  if (!datastore) throw failure('permanent', { happened: `There is no Global Datastore ${name} in ${region}.`, leftAs: unchanged });
  if (datastore.ClusterEnabled === true)
    throw failure('permanent', {
      happened: `The Global Datastore ${name} has cluster mode on: its shards are promoted together, and one server does not speak for all of them.`,
      leftAs: unchanged,
      next: 'Choose abort, and go on by hand.',
    });
  const members = (datastore.Members ?? []).flatMap(({ ReplicationGroupId: replicationGroup, ReplicationGroupRegion: where, Role }) =>
    replicationGroup === undefined || where === undefined ? [] : [{ replicationGroup, region: where, primary: Role?.toUpperCase() === 'PRIMARY' }],
  );
  return { status: datastore.Status ?? 'unknown', members };
}

/** Site whose replication group this member is; undefined when it is none of the plan. */
export function siteOfMember(plan: Plan, member: DatastoreMember): SiteId | undefined {
  const { cache } = plan.estate;
  if (cache?.driver !== 'elasticache') return undefined;
  const found = Object.entries(cache.replicationGroups).find(
    ([, place]) => place.replicationGroup === member.replicationGroup && place.region === member.region,
  );
  return found?.[0];
}
