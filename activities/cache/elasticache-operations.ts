/** What the driver of a Global Datastore calls. The failover is the only change, and two tags. */
import type { DeclaredOperations } from '../aws/operations.ts';

const group = 'arn:aws:elasticache:*:*:replicationgroup:<replication group>';

export const elastiCacheOperations: DeclaredOperations = {
  client: '@aws-sdk/client-elasticache',
  service: 'elasticache',
  operations: {
    DescribeGlobalReplicationGroups: { role: 'observe', resource: '*' },
    DescribeReplicationGroups: { role: 'observe', resource: '*' },
    ListTagsForResource: { role: 'observe', resource: group },
    AddTagsToResource: { role: 'restore', resource: group },
    FailoverGlobalReplicationGroup: { role: 'restore', resource: ['arn:aws:elasticache::*:globalreplicationgroup:<global datastore>', group] },
  },
};
