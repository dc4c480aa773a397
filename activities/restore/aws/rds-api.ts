/** What the RDS API tells and does about the DB instance that is made at a site of a snapshot, and about what it can be made of. */
import {
  AddTagsToResourceCommand,
  CreateDBSnapshotCommand,
  type DBInstance,
  type DBInstanceAutomatedBackup,
  type DBSnapshot,
  DeleteDBInstanceCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  DescribeDBParameterGroupsCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  type ModifyDBInstanceCommandInput,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
  type RestoreDBInstanceFromDBSnapshotCommandInput,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import type { RdsTarget } from '../../../plan/schema/restore-aws.ts';
import { awsClientOptions, bounded, boundedChange } from '../../aws/client.ts';
import { rethrowAws } from '../../aws/errors.ts';
import type { ActivityDependencies } from '../../dependencies.ts';
import type { NewTag } from './made.ts';
import { awsNameOf, rethrowMaking } from './ways-out.ts';

const unchanged = 'Nothing was changed.';
/** A page of a list, and how many of them are read: more snapshots no account has. */
const [pageSize, pagesMax] = [100, 50];

/** What a restore is ordered with, whatever it is made of. */
export type OrderSettings = Pick<RestoreDBInstanceFromDBSnapshotCommandInput, 'DBInstanceClass' | 'AvailabilityZone' | 'Tags'>;

export interface RdsApi {
  find(): Promise<DBInstance | undefined>;
  snapshots(): Promise<readonly DBSnapshot[]>;
  automaticBackups(): Promise<readonly DBInstanceAutomatedBackup[]>;
  /** Such as `postgres15`; undefined where there is no such group. */
  parameterGroupFamily(): Promise<string | undefined>;
  restoreSnapshot(snapshot: string, settings: OrderSettings): Promise<void>;
  restoreToMoment(automaticBackups: { readonly arn?: string; readonly resourceId?: string }, moment: Date, settings: OrderSettings): Promise<void>;
  modify(settings: Omit<ModifyDBInstanceCommandInput, 'DBInstanceIdentifier' | 'ApplyImmediately'>): Promise<void>;
  tag(tags: readonly NewTag[]): Promise<void>;
  remove(): Promise<void>;
  findSnapshot(snapshot: string): Promise<DBSnapshot | undefined>;
  createSnapshot(snapshot: string, tags: readonly NewTag[]): Promise<void>;
  close(): void;
}

export async function createRdsApi(target: RdsTarget, dependencies: Pick<ActivityDependencies, 'secret'>): Promise<RdsApi> {
  const client = new RDSClient(await awsClientOptions(target, target.credentials, dependencies));
  const { instance: name } = target;
  const find = async (): Promise<DBInstance | undefined> => {
    const answer = await client
      .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: name }), bounded())
      .catch(rethrowAws(`Reading the DB instance ${name}`, unchanged))
      .catch(noneOf(/^DBInstanceNotFound/));
    return answer?.DBInstances?.[0];
  };
  const arnOf = async (): Promise<string> => (await find())?.DBInstanceArn ?? '';
  return {
    ...sourcesOf(client, target),
    ...ordersOf(client, target),
    find,
    async modify(settings) {
      const command = new ModifyDBInstanceCommand({ DBInstanceIdentifier: name, ApplyImmediately: true, ...settings });
      await client.send(command, boundedChange()).catch(rethrowAws(`Changing the DB instance ${name}`, 'Whether it is changed is read at the next attempt.'));
    },
    async tag(tags) {
      const command = new AddTagsToResourceCommand({ ResourceName: await arnOf(), Tags: [...tags] });
      await client.send(command, boundedChange()).catch(rethrowAws(`Tagging the DB instance ${name}`, 'Its tags are read at the next attempt.'));
    },
    async remove() {
      // Automatic backups of the instance itself: those of its source are another's.
      const command = new DeleteDBInstanceCommand({ DBInstanceIdentifier: name, SkipFinalSnapshot: true, DeleteAutomatedBackups: true });
      await client
        .send(command, boundedChange())
        .catch(rethrowAws(`Deleting the DB instance ${name}`, 'Whether it is deleted is read at the next attempt.'))
        .catch(noneOf(/^DBInstanceNotFound/));
    },
    async findSnapshot(snapshot) {
      const answer = await client
        .send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: snapshot }), bounded())
        .catch(rethrowAws(`Reading the snapshot ${snapshot}`, unchanged))
        .catch(noneOf(/^DBSnapshotNotFound/));
      return answer?.DBSnapshots?.[0];
    },
    async createSnapshot(snapshot, tags) {
      const command = new CreateDBSnapshotCommand({ DBInstanceIdentifier: name, DBSnapshotIdentifier: snapshot, Tags: [...tags] });
      await client
        .send(command, boundedChange())
        .catch(rethrowMaking(`Making the snapshot ${snapshot} of the DB instance ${name}`))
        .catch(noneOf(/^DBSnapshotAlreadyExists/));
    },
    close: () => client.destroy(),
  };
}

/** What it can be made of. */
function sourcesOf(client: RDSClient, target: RdsTarget): Pick<RdsApi, 'snapshots' | 'automaticBackups' | 'parameterGroupFamily'> {
  return {
    async snapshots() {
      const shared = target.source.account === undefined ? {} : { IncludeShared: true };
      return pages(async (Marker) => {
        const command = new DescribeDBSnapshotsCommand({
          ...(target.source.account === undefined ? { DBInstanceIdentifier: target.source.instance } : {}),
          ...shared,
          MaxRecords: pageSize,
          ...Marker,
        });
        const { DBSnapshots: found, Marker: next } = await client
          .send(command, bounded())
          .catch(rethrowAws(`Reading the snapshots of ${target.source.instance}`, unchanged));
        return { found, next };
      });
    },
    async automaticBackups() {
      return pages(async (Marker) => {
        const command = new DescribeDBInstanceAutomatedBackupsCommand({ DBInstanceIdentifier: target.source.instance, MaxRecords: pageSize, ...Marker });
        const answer = await client
          .send(command, bounded())
          .catch(rethrowAws(`Reading the automatic backups of ${target.source.instance}`, unchanged))
          .catch(noneOf(/AutomatedBackupNotFound|^DBInstanceNotFound/));
        return { found: answer?.DBInstanceAutomatedBackups, next: answer?.Marker };
      });
    },
    async parameterGroupFamily() {
      const answer = await client
        .send(new DescribeDBParameterGroupsCommand({ DBParameterGroupName: target.parameterGroup }), bounded())
        .catch(rethrowAws(`Reading the parameter group ${target.parameterGroup}`, unchanged))
        .catch(noneOf(/^DBParameterGroupNotFound/));
      return answer?.DBParameterGroups?.[0]?.DBParameterGroupFamily;
    },
  };
}

/** How it is made. */
function ordersOf(client: RDSClient, target: RdsTarget): Pick<RdsApi, 'restoreSnapshot' | 'restoreToMoment'> {
  const { instance: name } = target;
  const ordered = (settings: OrderSettings) => ({
    ...settings,
    Tags: [...Object.entries(target.tags ?? {}).map(([Key, Value]) => ({ Key, Value })), ...(settings.Tags ?? [])],
    DBSubnetGroupName: target.subnetGroup,
    DBParameterGroupName: target.parameterGroup,
    VpcSecurityGroupIds: [...target.closedSecurityGroups],
    MultiAZ: target.multiAz,
    PubliclyAccessible: false,
    // Until people accept it, it can be discarded.
    DeletionProtection: false,
    BackupRetentionPeriod: target.backupRetentionDays,
    AutoMinorVersionUpgrade: false,
  });
  return {
    async restoreSnapshot(snapshot, settings) {
      const command = new RestoreDBInstanceFromDBSnapshotCommand({ DBInstanceIdentifier: name, DBSnapshotIdentifier: snapshot, ...ordered(settings) });
      await client.send(command, boundedChange()).catch(rethrowMaking(`Restoring the snapshot ${snapshot} as the DB instance ${name}`));
    },
    async restoreToMoment({ arn, resourceId }, moment, settings) {
      const source = arn === undefined ? { SourceDbiResourceId: resourceId } : { SourceDBInstanceAutomatedBackupsArn: arn };
      const command = new RestoreDBInstanceToPointInTimeCommand({ TargetDBInstanceIdentifier: name, ...source, RestoreTime: moment, ...ordered(settings) });
      await client
        .send(command, boundedChange())
        .catch(rethrowMaking(`Restoring ${target.source.instance} to ${moment.toISOString()} as the DB instance ${name}`));
    },
  };
}

/** Undefined for what AWS does not know, or has already; anything else is thrown. */
export function noneOf(names: RegExp): (error: unknown) => undefined {
  return (error) => {
    if (names.test(awsNameOf(error) ?? '')) return undefined;
    throw error;
  };
}

/** All entries of a list that AWS gives in pages. */
export async function pages<T>(
  read: (marker: { readonly Marker?: string }) => Promise<{ readonly found?: T[] | undefined; readonly next?: string | undefined }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let marker: { readonly Marker?: string } = {};
  for (let page = 1; page <= pagesMax; page += 1) {
    const { found = [], next } = await read(marker);
    all.push(...found);
    if (!next) return all;
    marker = { Marker: next };
  }
  return all;
}
