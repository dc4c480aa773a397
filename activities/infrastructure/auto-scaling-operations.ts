/** What the driver of Auto Scaling calls. */
import type { DeclaredOperations } from '../aws/operations.ts';

const group = 'arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/<group>';

export const autoScalingOperations: DeclaredOperations = {
  client: '@aws-sdk/client-auto-scaling',
  service: 'autoscaling',
  operations: {
    DescribeAutoScalingGroups: { role: 'observe', resource: '*' },
    DescribeScalingActivities: { role: 'observe', resource: '*' },
    UpdateAutoScalingGroup: { role: 'restore', resource: group },
    CreateOrUpdateTags: { role: 'restore', resource: group },
  },
};
