/** What restoring by RDS calls, by what it is for. Pure; policies are made of it, and a test finds a call that is not here. */
import type { DeclaredOperations } from '../../aws/operations.ts';
import { madeByARun } from './made.ts';

const restored = 'arn:aws:rds:*:*:db:<restored instance>';
const [subnets, parameters] = ['arn:aws:rds:*:*:subgrp:<subnet group>', 'arn:aws:rds:*:*:pg:<parameter group>'];

export const rdsRestoreOperations = {
  client: '@aws-sdk/client-rds',
  service: 'rds',
  operations: {
    DescribeDBInstances: { role: 'observe', resource: '*' },
    DescribeDBSnapshots: { role: 'observe', resource: '*' },
    DescribeDBInstanceAutomatedBackups: { role: 'observe', resource: '*' },
    DescribeDBParameterGroups: { role: 'observe', resource: '*' },
    RestoreDBInstanceFromDBSnapshot: { role: 'restore', resource: [restored, 'arn:aws:rds:*:*:snapshot:<snapshot>', subnets, parameters] },
    RestoreDBInstanceToPointInTime: {
      role: 'restore',
      resource: [restored, 'arn:aws:rds:*:*:db:<source instance>', 'arn:aws:rds:*:*:auto-backup:*', subnets, parameters],
    },
    ModifyDBInstance: { role: 'restore', resource: [restored, parameters] },
    // What a run has made and nobody has accepted; the driver looks at its tags first.
    DeleteDBInstance: { role: 'restore', resource: restored, condition: madeByARun },
    AddTagsToResource: { role: 'restore', resource: [restored, 'arn:aws:rds:*:*:snapshot:<restored instance>-*'] },
    CreateDBSnapshot: { role: 'restore', resource: [restored, 'arn:aws:rds:*:*:snapshot:<restored instance>-*'] },
  },
  besides: [
    { role: 'restore', resource: '<key of the snapshots>', actions: ['kms:CreateGrant'] },
    { role: 'observe', resource: '<key of the snapshots>', actions: ['kms:DescribeKey'] },
  ],
} as const satisfies DeclaredOperations;
