/** What a site is built on, and when a preview of it may be applied. Pure. */
import type { Plan, SiteId } from '../schema.ts';
import type { StackSettings } from '../schema/stack.ts';

/** Absent where the hosts of the site are there. */
export function stackOf({ estate }: Pick<Plan, 'estate'>, site: SiteId): StackSettings | undefined {
  return estate.restore?.infrastructure?.[site];
}

export type StackAction = 'create' | 'change' | 'replace' | 'delete';

/** What would become of one resource. */
export interface StackChange {
  /** Logical id of CloudFormation, address of Terraform. */
  readonly what: string;
  /** As the provider names it, such as `AWS::EC2::VPC`. */
  readonly type: string;
  readonly action: StackAction;
}

/** Changes that take something away: nobody applies them during a recovery. */
export function destructive(changes: readonly StackChange[]): readonly StackChange[] {
  return changes.filter(({ action }) => action === 'replace' || action === 'delete');
}

/** Changes that are not among those which people accepted. `own`: all that stands there was made by this run, so that what it made half may be made again. */
export function notAccepted(changes: readonly StackChange[], accepted: readonly StackChange[], own: boolean): readonly StackChange[] {
  const known = new Map(accepted.map(({ what, action }) => [what, action]));
  return changes.filter(({ what, action }) => known.get(what) !== action && !(own && action === 'replace' && known.get(what) === 'create'));
}

/** Types of resources that hold what customers have given: they are never deleted with a stack. */
export function holdsData(type: string): boolean {
  return (
    /^AWS::(RDS::DB(Instance|Cluster)|ElastiCache::(ReplicationGroup|CacheCluster|ServerlessCache)|S3::Bucket|DynamoDB::(Global)?Table|EFS::FileSystem|EC2::Volume|KMS::Key)$/.test(type) || // prettier-ignore
    /^(aws_(db_instance|rds_cluster|rds_cluster_instance|elasticache_(replication_group|cluster|serverless_cache)|s3_bucket|dynamodb_table|efs_file_system|ebs_volume|kms_key))$/.test(type) // prettier-ignore
  );
}

/** `3 to create, 1 to change`. */
export function countChanges(changes: readonly StackChange[]): string {
  const told = (['create', 'change', 'replace', 'delete'] as const).flatMap((action) => {
    const count = changes.filter((change) => change.action === action).length;
    return count === 0 ? [] : [`${count} to ${action}`];
  });
  return told.length === 0 ? 'nothing to change' : told.join(', ');
}
