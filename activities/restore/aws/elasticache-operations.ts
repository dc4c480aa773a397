/** What restoring by ElastiCache calls, by what it is for. Pure; policies are made of it, and a test finds a call that is not here. */
import type { DeclaredOperations } from '../../aws/operations.ts';
import { madeByARun } from './made.ts';

const restored = 'arn:aws:elasticache:*:*:replicationgroup:<restored replication group>';
const parameters = 'arn:aws:elasticache:*:*:parametergroup:<parameter group>';

export const elastiCacheRestoreOperations = {
  client: '@aws-sdk/client-elasticache',
  service: 'elasticache',
  operations: {
    DescribeReplicationGroups: { role: 'observe', resource: '*' },
    DescribeCacheClusters: { role: 'observe', resource: '*' },
    DescribeSnapshots: { role: 'observe', resource: '*' },
    ListTagsForResource: { role: 'observe', resource: restored },
    CreateReplicationGroup: {
      role: 'restore',
      resource: [
        restored,
        'arn:aws:elasticache:*:*:snapshot:<snapshot>',
        'arn:aws:elasticache:*:*:subnetgroup:<subnet group>',
        parameters,
        'arn:aws:elasticache:*:*:usergroup:<user group>',
      ],
    },
    ModifyReplicationGroup: { role: 'restore', resource: [restored, parameters] },
    // What a run has made and nobody has accepted; the driver looks at its tags first.
    DeleteReplicationGroup: { role: 'restore', resource: restored, condition: madeByARun },
    AddTagsToResource: { role: 'restore', resource: restored },
  },
  besides: [
    { role: 'restore', resource: '<key of the snapshots>', actions: ['kms:CreateGrant'] },
    { role: 'observe', resource: '<key of the snapshots>', actions: ['kms:DescribeKey'] },
  ],
} as const satisfies DeclaredOperations;
