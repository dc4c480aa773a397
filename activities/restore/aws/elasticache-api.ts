/** What the ElastiCache API tells and does about the replication group that is made at a site of a snapshot, and about the snapshots there. */
import {
  AddTagsToResourceCommand,
  type CacheCluster,
  CreateReplicationGroupCommand,
  DeleteReplicationGroupCommand,
  DescribeCacheClustersCommand,
  DescribeReplicationGroupsCommand,
  DescribeSnapshotsCommand,
  ElastiCacheClient,
  ListTagsForResourceCommand,
  ModifyReplicationGroupCommand,
  type ModifyReplicationGroupCommandInput,
  type ReplicationGroup,
  type Snapshot,
} from '@aws-sdk/client-elasticache';
import type { ElastiCacheTarget } from '../../../plan/schema/restore-aws.ts';
import { awsClientOptions, bounded, boundedChange } from '../../aws/client.ts';
import type { Tag } from '../../aws/epoch-tag.ts';
import { rethrowAws } from '../../aws/errors.ts';
import type { ActivityDependencies } from '../../dependencies.ts';
import type { NewTag } from './made.ts';
import { noneOf, pages } from './rds-api.ts';
import { rethrowMaking } from './ways-out.ts';

const unchanged = 'Nothing was changed.';
const pageSize = 50;

export interface OrderSettings {
  readonly nodeType: string;
  readonly description: string;
  readonly tags: readonly NewTag[];
  readonly overTls: boolean;
}

export interface ElastiCacheApi {
  find(): Promise<ReplicationGroup | undefined>;
  /** Undefined while AWS does not tell them: it lists no tags of a group that it is making. */
  tagsOf(group: ReplicationGroup): Promise<readonly Tag[] | undefined>;
  /** A node of the group, which has the settings that the group does not tell. */
  node(group: ReplicationGroup): Promise<CacheCluster | undefined>;
  snapshots(): Promise<readonly Snapshot[]>;
  restore(snapshot: string, settings: OrderSettings): Promise<void>;
  modify(settings: Omit<ModifyReplicationGroupCommandInput, 'ReplicationGroupId' | 'ApplyImmediately'>): Promise<void>;
  tag(tags: readonly NewTag[]): Promise<void>;
  remove(): Promise<void>;
  close(): void;
}

export async function createElastiCacheApi(target: ElastiCacheTarget, dependencies: Pick<ActivityDependencies, 'secret'>): Promise<ElastiCacheApi> {
  const client = new ElastiCacheClient(await awsClientOptions(target, target.credentials, dependencies));
  const { replicationGroup: name } = target;
  const find = async (): Promise<ReplicationGroup | undefined> => {
    const answer = await client
      .send(new DescribeReplicationGroupsCommand({ ReplicationGroupId: name }), bounded())
      .catch(rethrowAws(`Reading the replication group ${name}`, unchanged))
      .catch(noneOf(/^ReplicationGroupNotFound/));
    return answer?.ReplicationGroups?.[0];
  };
  return {
    find,
    async tagsOf({ ARN }) {
      const answer = await client
        .send(new ListTagsForResourceCommand({ ResourceName: ARN ?? '' }), bounded())
        .catch(rethrowAws(`Reading the tags of the replication group ${name}`, unchanged))
        .catch(noneOf(/^(InvalidReplicationGroupState|ReplicationGroupNotFound|InvalidARN)/));
      return answer === undefined ? undefined : (answer.TagList ?? []);
    },
    async node({ MemberClusters: [member] = [] }) {
      if (member === undefined) return undefined;
      const answer = await client
        .send(new DescribeCacheClustersCommand({ CacheClusterId: member }), bounded())
        .catch(rethrowAws(`Reading the node ${member}`, unchanged))
        .catch(noneOf(/^CacheClusterNotFound/));
      return answer?.CacheClusters?.[0];
    },
    async snapshots() {
      return pages(async (Marker) => {
        const command = new DescribeSnapshotsCommand({ ReplicationGroupId: target.source.replicationGroup, MaxRecords: pageSize, ...Marker });
        const { Snapshots: found, Marker: next } = await client
          .send(command, bounded())
          .catch(rethrowAws(`Reading the snapshots of ${target.source.replicationGroup}`, unchanged));
        return { found, next };
      });
    },
    restore: (snapshot, settings) => order(client, target, snapshot, settings),
    async modify(settings) {
      const command = new ModifyReplicationGroupCommand({ ReplicationGroupId: name, ApplyImmediately: true, ...settings });
      await client
        .send(command, boundedChange())
        .catch(rethrowAws(`Changing the replication group ${name}`, 'Whether it is changed is read at the next attempt.'));
    },
    async tag(tags) {
      const command = new AddTagsToResourceCommand({ ResourceName: (await find())?.ARN ?? '', Tags: [...tags] });
      await client.send(command, boundedChange()).catch(rethrowAws(`Tagging the replication group ${name}`, 'Its tags are read at the next attempt.'));
    },
    async remove() {
      // Snapshots of the source are another's, and of its own none was made.
      const command = new DeleteReplicationGroupCommand({ ReplicationGroupId: name, RetainPrimaryCluster: false });
      await client
        .send(command, boundedChange())
        .catch(rethrowAws(`Deleting the replication group ${name}`, 'Whether it is deleted is read at the next attempt.'))
        .catch(noneOf(/^ReplicationGroupNotFound/));
    },
    close: () => client.destroy(),
  };
}

async function order(client: ElastiCacheClient, target: ElastiCacheTarget, snapshot: string, settings: OrderSettings): Promise<void> {
  const { replicationGroup: name } = target;
  const { nodeType, description, tags, overTls } = settings;
  const command = new CreateReplicationGroupCommand({
    ReplicationGroupId: name,
    ReplicationGroupDescription: description,
    SnapshotName: snapshot,
    CacheNodeType: nodeType,
    NumCacheClusters: target.replicas + 1,
    AutomaticFailoverEnabled: target.multiAz,
    MultiAZEnabled: target.multiAz,
    CacheSubnetGroupName: target.subnetGroup,
    CacheParameterGroupName: target.parameterGroup,
    SecurityGroupIds: [...target.closedSecurityGroups],
    SnapshotRetentionLimit: target.backupRetentionDays,
    AutoMinorVersionUpgrade: false,
    TransitEncryptionEnabled: overTls,
    ...(target.kmsKey === undefined ? {} : { AtRestEncryptionEnabled: true, KmsKeyId: target.kmsKey }),
    ...(target.userGroups === undefined ? {} : { UserGroupIds: [...target.userGroups] }),
    Tags: [...Object.entries(target.tags ?? {}).map(([Key, Value]) => ({ Key, Value })), ...tags],
  });
  await client.send(command, boundedChange()).catch(rethrowMaking(`Restoring the snapshot ${snapshot} as the replication group ${name}`));
}
