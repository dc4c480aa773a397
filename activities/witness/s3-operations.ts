/** What the driver of a witness calls: one object. Without the right to list, a missing object is forbidden, and no run knows that nothing is held there. */
import type { DeclaredOperations } from '../aws/operations.ts';

const object = 'arn:aws:s3:::<bucket>/<key>';

export const witnessOperations: DeclaredOperations = {
  client: '@aws-sdk/client-s3',
  service: 's3',
  operations: {
    GetObject: { role: 'observe', resource: object },
    PutObject: { role: 'fence', resource: object },
  },
  besides: [{ role: 'observe', actions: ['s3:ListBucket'], resource: 'arn:aws:s3:::<bucket>' }],
};
