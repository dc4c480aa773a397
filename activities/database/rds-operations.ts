/** What the driver of RDS calls. Promotion is the only change, and two tags. */
import type { DeclaredOperations } from '../aws/operations.ts';

const instance = 'arn:aws:rds:*:*:db:<instance>';

export const rdsOperations: DeclaredOperations = {
  client: '@aws-sdk/client-rds',
  service: 'rds',
  operations: {
    DescribeDBInstances: { role: 'observe', resource: '*' },
    PromoteReadReplica: { role: 'restore', resource: instance },
    AddTagsToResource: { role: 'restore', resource: instance },
  },
};
