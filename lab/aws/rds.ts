/** RDS as far as a restore goes, as strict as AWS is where emulators are not: docs/lab.md. */
import { Course, type BackingServers, type Paces } from './resource.ts';
import { type Content, List, listIn, Refusal, tagList, tagsIn } from './xml.ts';

export interface DbSnapshot {
  readonly name: string;
  readonly instance: string;
  readonly arn: string;
  status: string;
  readonly engineVersion: string;
  readonly at: Date;
  readonly gibibytes: number;
  readonly kmsKey?: string;
}

export interface AutomaticBackups {
  readonly instance: string;
  readonly resourceId: string;
  readonly region: string;
  readonly engineVersion: string;
  earliest: Date;
  latest: Date;
}

interface Instance {
  readonly name: string;
  readonly tags: Map<string, string>;
  readonly course: Course;
  class: string;
  zone: string;
  settings: Map<string, string>;
  groups: { id: string; status: string }[];
  endpoint?: { readonly host: string; readonly port: number };
  readonly engineVersion: string;
  readonly kmsKey: string | undefined;
}

const defaults: Readonly<Record<string, string>> = {
  BackupRetentionPeriod: '1',
  DBParameterGroupName: 'default.postgres15',
  DBSubnetGroupName: 'default',
  DeletionProtection: 'false',
  MultiAZ: 'false',
  PubliclyAccessible: 'true',
};

export class RdsStandIn {
  readonly snapshots: DbSnapshot[] = [];
  readonly automatic: AutomaticBackups[] = [];
  readonly instances = new Map<string, Instance>();
  readonly parameterGroups = new Map<string, string>();
  readonly subnetGroups = new Set<string>();
  /** Classes, or `CLASS ZONE`, for which there is no room: said at once, or once the order is taken. */
  readonly noRoom = new Set<string>();
  readonly noRoomLater = new Set<string>();
  /** Settings of an order that come out as AWS's defaults. */
  readonly forgets = new Set<string>();
  readonly disabledKeys = new Set<string>();
  quota = 10;
  readonly region: string;
  private readonly account: string;
  private readonly paces: Paces;
  readonly servers: BackingServers;

  constructor(place: { readonly region: string; readonly account: string }, paces: Paces, servers: BackingServers) {
    [this.region, this.account, this.paces, this.servers] = [place.region, place.account, paces, servers];
  }

  /** Undefined for an action of another service. */
  async answer(action: string, sent: URLSearchParams): Promise<Content | undefined> {
    switch (action) {
      case 'DescribeDBSnapshots':
        return {
          DBSnapshots: new List(
            'DBSnapshot',
            this.snapshotsFor(sent).map((each) => this.snapshotXml(each)),
          ),
        };
      case 'DescribeDBInstanceAutomatedBackups':
        return { DBInstanceAutomatedBackups: new List('DBInstanceAutomatedBackup', this.automaticFor(sent)) };
      case 'DescribeDBInstances':
        return { DBInstances: new List('DBInstance', [this.instanceXml(this.mustFind(sent.get('DBInstanceIdentifier') ?? ''))]) };
      case 'DescribeDBParameterGroups':
        return this.parameterGroup(sent.get('DBParameterGroupName') ?? '');
      case 'RestoreDBInstanceFromDBSnapshot':
        return this.restoreSnapshot(sent);
      case 'RestoreDBInstanceToPointInTime':
        return this.restoreToMoment(sent);
      case 'ModifyDBInstance':
        return this.modify(sent);
      case 'DeleteDBInstance':
        return this.remove(sent);
      case 'AddTagsToResource':
        return this.addTags(sent);
      case 'CreateDBSnapshot':
        return this.createSnapshot(sent);
      default:
        return undefined;
    }
  }

  private snapshotsFor(sent: URLSearchParams): readonly DbSnapshot[] {
    const [name, instance] = [sent.get('DBSnapshotIdentifier'), sent.get('DBInstanceIdentifier')];
    const own = this.snapshots.filter(({ arn }) => sent.get('IncludeShared') === 'true' || arn.split(':')[4] === this.account);
    const found = own.filter((each) => (name === null || each.name === name) && (instance === null || each.instance === instance));
    if (name !== null && found.length === 0) throw new Refusal('DBSnapshotNotFound', `DBSnapshot not found: ${name}`, 404);
    return found;
  }

  private snapshotXml({ name, instance, arn, status, engineVersion, at, gibibytes, kmsKey }: DbSnapshot): Content {
    return {
      DBSnapshotIdentifier: name,
      DBInstanceIdentifier: instance,
      DBSnapshotArn: arn,
      Status: status,
      Engine: 'postgres',
      EngineVersion: engineVersion,
      AllocatedStorage: gibibytes,
      SnapshotCreateTime: at,
      OriginalSnapshotCreateTime: at,
      SnapshotDatabaseTime: at,
      PercentProgress: status === 'available' ? 100 : 40,
      Encrypted: kmsKey !== undefined,
      KmsKeyId: kmsKey,
    };
  }

  private automaticFor(sent: URLSearchParams): readonly Content[] {
    const found = this.automatic.filter(({ instance }) => instance === sent.get('DBInstanceIdentifier'));
    return found.map(({ instance, resourceId, region, engineVersion, earliest, latest }) => ({
      DBInstanceIdentifier: instance,
      DBInstanceArn: `arn:aws:rds:${region}:${this.account}:db:${instance}`,
      DbiResourceId: resourceId,
      Region: region,
      Status: 'active',
      Engine: 'postgres',
      EngineVersion: engineVersion,
      AllocatedStorage: 20,
      RestoreWindow: { EarliestTime: earliest, LatestTime: latest },
    }));
  }

  private parameterGroup(name: string): Content {
    const family = this.parameterGroups.get(name);
    if (family === undefined) throw new Refusal('DBParameterGroupNotFound', `DBParameterGroup not found: ${name}`, 404);
    return { DBParameterGroups: new List('DBParameterGroup', [{ DBParameterGroupName: name, DBParameterGroupFamily: family }]) };
  }

  private restoreSnapshot(sent: URLSearchParams): Content {
    const wanted = sent.get('DBSnapshotIdentifier') ?? '';
    const partition = /^arn:([^:]+):/.exec(wanted)?.[1];
    if (partition !== undefined && partition !== 'aws') throw new Refusal('InvalidParameterValue', `The ARN ${wanted} is of another partition.`);
    const snapshot = this.snapshots.find(({ name }) => name === wanted);
    if (!snapshot) throw new Refusal('DBSnapshotNotFound', `DBSnapshot not found: ${wanted}`, 404);
    if (snapshot.status !== 'available') throw new Refusal('InvalidDBSnapshotState', `The snapshot ${wanted} is ${snapshot.status}.`);
    return this.create(sent.get('DBInstanceIdentifier') ?? '', sent, snapshot, (name) => this.servers.start(name, snapshot.name));
  }

  private restoreToMoment(sent: URLSearchParams): Content {
    const backups = this.automatic.find(({ resourceId }) => resourceId === sent.get('SourceDbiResourceId'));
    if (!backups) throw new Refusal('DBInstanceNotFound', 'There are no such automatic backups.', 404);
    const moment = new Date(sent.get('RestoreTime') ?? '');
    if (!(moment >= backups.earliest && moment <= backups.latest))
      throw new Refusal('InvalidParameterValue', `The specified time ${moment.toISOString()} is not within the restore window.`);
    return this.create(sent.get('TargetDBInstanceIdentifier') ?? '', sent, { engineVersion: backups.engineVersion }, (name) =>
      this.servers.start(name, backups.resourceId, moment),
    );
  }

  private create(
    name: string,
    sent: URLSearchParams,
    of: Pick<DbSnapshot, 'engineVersion' | 'kmsKey'>,
    start: (name: string) => Promise<{ readonly host: string; readonly port: number }>,
  ): Content {
    if (this.instances.has(name)) throw new Refusal('DBInstanceAlreadyExists', `DB instance already exists: ${name}`);
    if (this.instances.size >= this.quota) throw new Refusal('InstanceQuotaExceeded', 'Request would exceed the quota of DB instances.');
    if (of.kmsKey !== undefined && this.disabledKeys.has(of.kmsKey)) throw new Refusal('KMSKeyNotAccessibleFault', `The key ${of.kmsKey} is not accessible.`);
    const [parameters, subnets] = [sent.get('DBParameterGroupName') ?? 'default.postgres15', sent.get('DBSubnetGroupName') ?? 'default'];
    if (!this.parameterGroups.has(parameters)) throw new Refusal('DBParameterGroupNotFound', `DBParameterGroup not found: ${parameters}`, 404);
    if (!this.subnetGroups.has(subnets)) throw new Refusal('DBSubnetGroupNotFoundFault', `DB subnet group not found: ${subnets}`, 404);
    const [klass, zone] = [sent.get('DBInstanceClass') ?? '', sent.get('AvailabilityZone') ?? `${this.region}a`];
    if (this.noRoom.has(klass) || this.noRoom.has(`${klass} ${zone}`)) throw new Refusal('InsufficientDBInstanceCapacity', `No room for ${klass} in ${zone}.`);
    const settings = new Map(Object.keys(defaults).map((key) => [key, (this.forgets.has(key) ? null : sent.get(key)) ?? defaults[key] ?? '']));
    const groups = (this.forgets.has('VpcSecurityGroupIds') ? undefined : listIn(sent, 'VpcSecurityGroupIds')) ?? ['sg-00000000'];
    const instance: Instance = {
      ...{ name, tags: tagsIn(sent), course: new Course('available'), class: klass, zone, settings, engineVersion: of.engineVersion, kmsKey: of.kmsKey },
      groups: groups.map((id) => ({ id, status: 'active' })),
    };
    this.instances.set(name, instance);
    if (this.noRoomLater.has(klass)) instance.course.go([['creating', this.paces.creating]], 'insufficient-capacity');
    else {
      const started = start(name).then((endpoint) => (instance.endpoint = endpoint));
      instance.course.go([['creating', this.paces.creating], ['backing-up', this.paces['backing-up']]], 'available', started); // prettier-ignore
    }
    return { DBInstance: this.instanceXml(instance) };
  }

  private mustFind(name: string): Instance {
    const found = this.instances.get(name);
    if (found) return found;
    throw new Refusal('DBInstanceNotFound', `DBInstance ${name} not found.`, 404);
  }

  private mustBeAvailable(instance: Instance): void {
    const { status } = instance.course;
    if (status !== 'available') throw new Refusal('InvalidDBInstanceState', `Instance ${instance.name} is not in available state, but ${status}.`);
  }

  private modify(sent: URLSearchParams): Content {
    const instance = this.mustFind(sent.get('DBInstanceIdentifier') ?? '');
    this.mustBeAvailable(instance);
    const groups = listIn(sent, 'VpcSecurityGroupIds');
    const changes = Object.keys(defaults).flatMap((key) => (sent.has(key) ? [[key, sent.get(key) ?? ''] as const] : []));
    // As AWS does: what is changed is told some time after the order was taken.
    if (groups) instance.groups = groups.map((id) => ({ id, status: instance.groups.some((each) => each.id === id) ? 'active' : 'adding' }));
    instance.course.go([['modifying', this.paces.modifying]], 'available', new Promise((resolve) => setTimeout(resolve, this.paces.modifying)).then(() => {
      for (const [key, value] of changes) instance.settings.set(key, value);
      instance.groups = instance.groups.map(({ id }) => ({ id, status: 'active' }));
    })); // prettier-ignore
    return { DBInstance: this.instanceXml(instance) };
  }

  private remove(sent: URLSearchParams): Content {
    const instance = this.mustFind(sent.get('DBInstanceIdentifier') ?? '');
    if (instance.settings.get('DeletionProtection') === 'true') throw new Refusal('InvalidParameterCombination', 'Cannot delete a protected DB instance.');
    if (sent.get('SkipFinalSnapshot') !== 'true' && !sent.has('FinalDBSnapshotIdentifier'))
      throw new Refusal('InvalidParameterCombination', 'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.');
    const { status } = instance.course;
    if (['creating', 'backing-up', 'modifying', 'deleting'].includes(status))
      throw new Refusal('InvalidDBInstanceState', `Instance ${instance.name} is ${status}.`);
    const gone = this.servers.stop(instance.name).then(() => new Promise((resolve) => setTimeout(resolve, this.paces.deleting)));
    instance.course.go([['deleting', this.paces.deleting]], 'deleting', gone);
    void gone.then(() => this.instances.delete(instance.name));
    return { DBInstance: this.instanceXml(instance) };
  }

  private addTags(sent: URLSearchParams): Content | undefined {
    const arn = sent.get('ResourceName') ?? '';
    if (!arn.includes(':rds:')) return undefined;
    const instance = this.mustFind(arn.split(':').at(-1) ?? '');
    for (const [key, value] of tagsIn(sent)) instance.tags.set(key, value);
    return {};
  }

  private createSnapshot(sent: URLSearchParams): Content {
    const instance = this.mustFind(sent.get('DBInstanceIdentifier') ?? '');
    const name = sent.get('DBSnapshotIdentifier') ?? '';
    if (this.snapshots.some((each) => each.name === name)) throw new Refusal('DBSnapshotAlreadyExists', `DBSnapshot already exists: ${name}`);
    this.mustBeAvailable(instance);
    const arn = `arn:aws:rds:${this.region}:${this.account}:snapshot:${name}`;
    const snapshot: DbSnapshot = {
      name,
      instance: instance.name,
      arn,
      status: 'creating',
      engineVersion: instance.engineVersion,
      at: new Date(),
      gibibytes: 20,
    };
    this.snapshots.push(snapshot);
    instance.course.go([['backing-up', this.paces['backing-up']]], 'available');
    setTimeout(() => (snapshot.status = 'available'), this.paces['backing-up']);
    return { DBSnapshot: this.snapshotXml(snapshot) };
  }

  private instanceXml(instance: Instance): Content {
    const { name, tags, course, class: klass, zone, settings, groups, endpoint, engineVersion, kmsKey } = instance;
    return {
      DBInstanceIdentifier: name,
      DBInstanceArn: `arn:aws:rds:${this.region}:${this.account}:db:${name}`,
      DBInstanceStatus: course.status,
      DBInstanceClass: klass,
      AvailabilityZone: zone,
      Engine: 'postgres',
      EngineVersion: engineVersion,
      KmsKeyId: kmsKey,
      // Of one that is being made AWS gives none.
      Endpoint: endpoint && course.status !== 'creating' ? { Address: endpoint.host, Port: endpoint.port } : undefined,
      BackupRetentionPeriod: settings.get('BackupRetentionPeriod'),
      MultiAZ: settings.get('MultiAZ'),
      PubliclyAccessible: settings.get('PubliclyAccessible'),
      DeletionProtection: settings.get('DeletionProtection'),
      DBSubnetGroup: { DBSubnetGroupName: settings.get('DBSubnetGroupName') },
      DBParameterGroups: new List('DBParameterGroup', [{ DBParameterGroupName: settings.get('DBParameterGroupName'), ParameterApplyStatus: 'in-sync' }]),
      VpcSecurityGroups: new List('VpcSecurityGroupMembership', groups.map(({ id, status }) => ({ VpcSecurityGroupId: id, Status: status }))), // prettier-ignore
      TagList: tagList(tags),
    };
  }
}
