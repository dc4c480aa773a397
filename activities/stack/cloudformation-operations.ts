/** What the driver of CloudFormation calls. What the template says is made by the stack's own role, which the worker may hand over and not take on. It deletes a stack that a run made, and none of the things in it by itself. */
import type { DeclaredOperations } from '../aws/operations.ts';

const stack = 'arn:aws:cloudformation:*:*:stack/<stack>/*';

export const cloudFormationOperations: DeclaredOperations = {
  client: '@aws-sdk/client-cloudformation',
  service: 'cloudformation',
  operations: {
    DescribeStacks: { role: 'observe', resource: stack },
    DescribeStackResources: { role: 'observe', resource: stack },
    DescribeStackEvents: { role: 'observe', resource: stack },
    DescribeChangeSet: { role: 'observe', resource: stack },
    GetTemplate: { role: 'observe', resource: stack },
    ValidateTemplate: { role: 'observe', resource: '*' },
    DetectStackDrift: { role: 'observe', resource: stack },
    DescribeStackDriftDetectionStatus: { role: 'observe', resource: '*' },
    DescribeStackResourceDrifts: { role: 'observe', resource: stack },
    CreateChangeSet: { role: 'restore', resource: stack, actions: ['cloudformation:CreateChangeSet', 'cloudformation:TagResource'] },
    ExecuteChangeSet: { role: 'restore', resource: stack },
    DeleteChangeSet: { role: 'restore', resource: stack },
    DeleteStack: { role: 'restore', resource: stack },
  },
  besides: [
    {
      role: 'restore',
      actions: ['iam:PassRole'],
      resource: '<service role of the stack>',
      condition: { StringEquals: { 'iam:PassedToService': 'cloudformation.amazonaws.com' } },
    },
  ],
};
