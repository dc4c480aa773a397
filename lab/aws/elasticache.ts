/** ElastiCache as far as a restore goes, as strict as AWS is where emulators are not: docs/lab.md. */
import { Course, type BackingServers, type Paces } from './resource.ts';
import { type Content, List, listIn, Refusal, tagList, tagsIn } from './xml.ts';

export interface CacheSnapshot {
  readonly name: string;
  readonly group: string;
  readonly arn: string;
  status: string;
  readonly engineVersion: string;
  readonly at: Date;
  readonly size: string;
  readonly shards?: number;
}

interface Group {
  readonly name: string;
  readonly description: string;
  readonly tags: Map<string, string>;
  readonly course: Course;
  readonly nodeType: string;
  readonly nodes: number;
  settings: Map<string, string>;
  groups: { id: string; status: string }[];
  endpoint?: { readonly host: string; readonly port: number };
}

const defaults: Readonly<Record<string, string>> = {
  AutomaticFailoverEnabled: 'false',
  CacheParameterGroupName: 'default.redis7',
  CacheSubnetGroupName: 'default',
  MultiAZEnabled: 'false',
  SnapshotRetentionLimit: '0',
};

export class ElastiCacheStandIn {
  readonly snapshots: CacheSnapshot[] = [];
  readonly groups = new Map<string, Group>();
  readonly noRoom = new Set<string>();
  readonly forgets = new Set<string>();
  quota = 10;
  private readonly region: string;
  private readonly account: string;
  private readonly paces: Paces;
  readonly servers: BackingServers;

  constructor(place: { readonly region: string; readonly account: string }, paces: Paces, servers: BackingServers) {
    [this.region, this.account, this.paces, this.servers] = [place.region, place.account, paces, servers];
  }

  /** Undefined for an action of another service. */
  async answer(action: string, sent: URLSearchParams): Promise<Content | undefined> {
    switch (action) {
      case 'DescribeSnapshots':
        return {
          Snapshots: new List(
            'Snapshot',
            this.snapshotsFor(sent).map((each) => this.snapshotXml(each)),
          ),
        };
      case 'DescribeReplicationGroups':
        return { ReplicationGroups: new List('ReplicationGroup', [this.groupXml(this.mustFind(sent.get('ReplicationGroupId') ?? ''))]) };
      case 'DescribeCacheClusters':
        return this.node(sent.get('CacheClusterId') ?? '');
      case 'ListTagsForResource':
        return { TagList: tagList(this.tagged(sent.get('ResourceName') ?? '').tags) };
      case 'AddTagsToResource':
        return this.addTags(sent);
      case 'CreateReplicationGroup':
        return this.create(sent);
      case 'ModifyReplicationGroup':
        return this.modify(sent);
      case 'DeleteReplicationGroup':
        return this.remove(sent);
      default:
        return undefined;
    }
  }

  private snapshotsFor(sent: URLSearchParams): readonly CacheSnapshot[] {
    const [name, group] = [sent.get('SnapshotName'), sent.get('ReplicationGroupId')];
    return this.snapshots.filter((each) => (name === null || each.name === name) && (group === null || each.group === group));
  }

  private snapshotXml({ name, group, arn, status, engineVersion, at, size, shards = 1 }: CacheSnapshot): Content {
    const nodes = Array.from({ length: shards }, (_none, index) => ({
      NodeGroupId: `000${index + 1}`,
      CacheNodeId: '0001',
      CacheSize: size,
      SnapshotCreateTime: at,
    }));
    return {
      ...{
        SnapshotName: name,
        ReplicationGroupId: group,
        ARN: arn,
        SnapshotStatus: status,
        SnapshotSource: 'manual',
        Engine: 'redis',
        EngineVersion: engineVersion,
      },
      NumNodeGroups: shards,
      NodeSnapshots: new List('NodeSnapshot', nodes),
    };
  }

  private create(sent: URLSearchParams): Content {
    const name = sent.get('ReplicationGroupId') ?? '';
    if (this.groups.has(name)) throw new Refusal('ReplicationGroupAlreadyExists', `Replication group ${name} already exists.`);
    const wanted = sent.get('SnapshotName') ?? '';
    // Emulators make an empty group here.
    const snapshot = this.snapshots.find((each) => each.name === wanted);
    if (!snapshot) throw new Refusal('SnapshotNotFoundFault', `Snapshot ${wanted} not found.`, 404);
    if (snapshot.status !== 'available') throw new Refusal('InvalidSnapshotState', `The snapshot ${wanted} is ${snapshot.status}.`);
    if (this.groups.size >= this.quota) throw new Refusal('NodeQuotaForCustomerExceeded', 'Request would exceed the quota of nodes.');
    const nodeType = sent.get('CacheNodeType') ?? '';
    if (this.noRoom.has(nodeType)) throw new Refusal('InsufficientCacheClusterCapacity', `No room for ${nodeType}.`);
    const settings = new Map(Object.keys(defaults).map((key) => [key, (this.forgets.has(key) ? null : sent.get(key)) ?? defaults[key] ?? '']));
    const ids = (this.forgets.has('SecurityGroupIds') ? undefined : listIn(sent, 'SecurityGroupIds')) ?? ['sg-00000000'];
    const group: Group = {
      ...{ name, description: sent.get('ReplicationGroupDescription') ?? '', tags: tagsIn(sent), course: new Course('available') },
      ...{ nodeType, nodes: Number(sent.get('NumCacheClusters') ?? '1'), settings, groups: ids.map((id) => ({ id, status: 'active' })) },
    };
    this.groups.set(name, group);
    const started = this.servers.start(name, snapshot.name).then((endpoint) => (group.endpoint = endpoint));
    group.course.go([['creating', this.paces.creating]], 'available', started);
    return { ReplicationGroup: this.groupXml(group) };
  }

  private mustFind(name: string): Group {
    const found = this.groups.get(name);
    if (found) return found;
    throw new Refusal('ReplicationGroupNotFoundFault', `ReplicationGroup ${name} not found.`, 404);
  }

  private mustBeAvailable(group: Group): void {
    const { status } = group.course;
    if (status !== 'available')
      throw new Refusal('InvalidReplicationGroupState', `Replication group must be in available state, and ${group.name} is ${status}.`);
  }

  /** AWS tells and takes tags of a group that is available. */
  private tagged(arn: string): Group {
    const group = this.mustFind(arn.split(':').at(-1) ?? '');
    this.mustBeAvailable(group);
    return group;
  }

  private addTags(sent: URLSearchParams): Content | undefined {
    const arn = sent.get('ResourceName') ?? '';
    if (!arn.includes(':elasticache:')) return undefined;
    const { tags } = this.tagged(arn);
    for (const [key, value] of tagsIn(sent)) tags.set(key, value);
    return { TagList: tagList(tags) };
  }

  private modify(sent: URLSearchParams): Content {
    const group = this.mustFind(sent.get('ReplicationGroupId') ?? '');
    this.mustBeAvailable(group);
    const ids = listIn(sent, 'SecurityGroupIds');
    const changes = Object.keys(defaults).flatMap((key) => (sent.has(key) ? [[key, sent.get(key) ?? ''] as const] : []));
    if (ids) group.groups = ids.map((id) => ({ id, status: group.groups.some((each) => each.id === id) ? 'active' : 'modifying' }));
    const done = new Promise((resolve) => setTimeout(resolve, this.paces.modifying)).then(() => {
      for (const [key, value] of changes) group.settings.set(key, value);
      group.groups = group.groups.map(({ id }) => ({ id, status: 'active' }));
    });
    group.course.go([['modifying', this.paces.modifying]], 'available', done);
    return { ReplicationGroup: this.groupXml(group) };
  }

  private remove(sent: URLSearchParams): Content {
    const group = this.mustFind(sent.get('ReplicationGroupId') ?? '');
    this.mustBeAvailable(group);
    const gone = this.servers.stop(group.name).then(() => new Promise((resolve) => setTimeout(resolve, this.paces.deleting)));
    group.course.go([['deleting', this.paces.deleting]], 'deleting', gone);
    void gone.then(() => this.groups.delete(group.name));
    return { ReplicationGroup: this.groupXml(group) };
  }

  private node(id: string): Content {
    const group = [...this.groups.values()].find(({ name }) => id.startsWith(`${name}-`));
    if (!group) throw new Refusal('CacheClusterNotFound', `CacheCluster not found: ${id}`, 404);
    const parameters = { CacheParameterGroupName: group.settings.get('CacheParameterGroupName'), ParameterApplyStatus: 'in-sync' };
    const groups = group.groups.map(({ id: SecurityGroupId, status }) => ({ SecurityGroupId, Status: status }));
    const settings = { CacheSubnetGroupName: group.settings.get('CacheSubnetGroupName'), CacheParameterGroup: parameters };
    return { CacheClusters: new List('CacheCluster', [{ CacheClusterId: id, ...settings, SecurityGroups: new List('member', groups) }]) };
  }

  private groupXml({ name, description, course, nodeType, nodes, settings, endpoint }: Group): Content {
    const members = Array.from({ length: nodes }, (_none, index) => `${name}-00${index + 1}`);
    const enabled = (key: string) => (settings.get(key) === 'true' ? 'enabled' : 'disabled');
    const primary = endpoint && course.status !== 'creating' ? { PrimaryEndpoint: { Address: endpoint.host, Port: endpoint.port } } : {};
    return {
      ...{ ReplicationGroupId: name, Description: description, Status: course.status, CacheNodeType: nodeType, ClusterEnabled: false },
      ARN: `arn:aws:elasticache:${this.region}:${this.account}:replicationgroup:${name}`,
      MemberClusters: new List('ClusterId', course.status === 'creating' ? [] : members),
      NodeGroups: new List('NodeGroup', [{ NodeGroupId: '0001', Status: course.status, ...primary }]),
      AutomaticFailover: enabled('AutomaticFailoverEnabled'),
      MultiAZ: enabled('MultiAZEnabled'),
      SnapshotRetentionLimit: settings.get('SnapshotRetentionLimit'),
    };
  }
}
