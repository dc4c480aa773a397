/** To which moments RDS can restore a database at a site: its snapshots there, and the window of automatic backups. Pure. */
import type { DBInstanceAutomatedBackup, DBSnapshot } from '@aws-sdk/client-rds';
import { type RestoreSet, utcMoment } from '../../../plan/rules/restore-points.ts';
import type { RdsTarget } from '../../../plan/schema/restore-aws.ts';
import { outOfPlace } from './arn.ts';

const gibibyte = 2 ** 30;

/** What all sets of a site share. */
interface Here {
  readonly target: RdsTarget;
  /** Family of the plan's parameter group; undefined where there is no such group. */
  readonly family: string | undefined;
  /** Of the cluster, as the plan has it: AWS tells none. */
  readonly systemIdentifier: string;
}

export interface RdsSet extends RestoreSet {
  /** Of automatic backups, to order a restore by; absent for a snapshot. */
  readonly automatic?: { readonly arn?: string; readonly resourceId?: string };
}

/** A snapshot holds one moment, that of the last transaction in it. */
export function setOfSnapshot(snapshot: DBSnapshot, here: Here): RdsSet {
  const at = snapshot.SnapshotDatabaseTime ?? snapshot.OriginalSnapshotCreateTime ?? snapshot.SnapshotCreateTime;
  const moment = at === undefined ? undefined : utcMoment(at.toISOString());
  const against =
    outOfPlace(here.target.region, {
      arn: snapshot.DBSnapshotArn,
      key: snapshot.KmsKeyId,
      account: here.target.source.account,
      wantedKey: here.target.kmsKey,
    }) ??
    (snapshot.Status === 'available' ? undefined : `it is ${snapshot.Status ?? 'in an unknown state'}`) ??
    ofAnotherEngine(snapshot.Engine, snapshot.EngineVersion, here) ??
    (moment === undefined ? 'AWS tells no moment of it' : undefined);
  return {
    ...named(snapshot.DBSnapshotIdentifier ?? '', snapshot, here, against),
    startedAt: moment ?? '',
    stoppedAt: moment ?? '',
    earliest: moment ?? '',
    ...(moment === undefined ? {} : { latest: moment }),
  };
}

/** Any moment of the window. */
export function setOfBackups(backups: DBInstanceAutomatedBackup, here: Here): RdsSet {
  const { EarliestTime: earliest, LatestTime: latest } = backups.RestoreWindow ?? {};
  const arn = backups.DBInstanceAutomatedBackupsArn ?? backups.DBInstanceArn;
  // Where they were replicated to another region, that is another list, in another region's API.
  const isReplica = backups.DBInstanceAutomatedBackupsArn !== undefined;
  const against =
    outOfPlace(here.target.region, { arn, key: backups.KmsKeyId, wantedKey: here.target.kmsKey }) ??
    (['active', 'retained', 'replicating'].includes(backups.Status ?? '') ? undefined : `they are ${backups.Status ?? 'in an unknown state'}`) ??
    ofAnotherEngine(backups.Engine, backups.EngineVersion, here) ??
    (earliest && latest ? undefined : 'AWS tells no window of them');
  const from = earliest === undefined ? '' : utcMoment(earliest.toISOString());
  return {
    ...named(`automatic-backups-of-${backups.DbiResourceId ?? backups.DBInstanceIdentifier ?? ''}`, backups, here, against),
    startedAt: from,
    stoppedAt: from,
    earliest: from,
    ...(latest === undefined ? {} : { latest: utcMoment(latest.toISOString()) }),
    automatic: isReplica ? { arn: backups.DBInstanceAutomatedBackupsArn ?? '' } : { resourceId: backups.DbiResourceId ?? '' },
  };
}

function named(set: string, of: Pick<DBSnapshot, 'AllocatedStorage' | 'EngineVersion'>, { systemIdentifier }: Here, unusable: string | undefined) {
  return {
    set,
    // AWS keeps no history beyond a promotion in one list.
    timeline: 1,
    bytes: (of.AllocatedStorage ?? 0) * gibibyte,
    logBytes: 0,
    version: of.EngineVersion ?? '',
    systemIdentifier,
    ...(unusable === undefined ? {} : { unusable }),
  };
}

/** The major version of the plan's parameter group is the one that can run there. */
function ofAnotherEngine(engine: string | undefined, version: string | undefined, { family, target }: Here): string | undefined {
  if (engine !== 'postgres') return `it is of ${engine ?? 'an unknown engine'}, and not of postgres`;
  if (family === undefined) return `there is no parameter group ${target.parameterGroup} in ${target.region}: make it`;
  const wanted = `postgres${version?.split('.')[0] ?? ''}`;
  return family === wanted
    ? undefined
    : `it is of PostgreSQL ${version ?? '?'}, and the parameter group ${target.parameterGroup} is of ${family}: name one of ${wanted} in the plan`;
}
