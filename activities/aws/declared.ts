/** The declarations of all drivers of AWS: a driver that is not here sends what no policy allows, and a test finds it. Pure. */
import { elastiCacheOperations } from '../cache/elasticache-operations.ts';
import { rdsOperations } from '../database/rds-operations.ts';
import { route53Operations } from '../dns/route53-operations.ts';
import { autoScalingOperations } from '../infrastructure/auto-scaling-operations.ts';
import { elastiCacheRestoreOperations } from '../restore/aws/elasticache-operations.ts';
import { rdsRestoreOperations } from '../restore/aws/rds-operations.ts';
import { cloudFormationOperations } from '../stack/cloudformation-operations.ts';
import { witnessOperations } from '../witness/s3-operations.ts';
import type { DeclaredOperations } from './operations.ts';

export const declaredOperations: readonly DeclaredOperations[] = [
  rdsOperations,
  elastiCacheOperations,
  autoScalingOperations,
  rdsRestoreOperations,
  elastiCacheRestoreOperations,
  cloudFormationOperations,
  route53Operations,
  witnessOperations,
];
