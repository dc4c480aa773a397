/** What holds the epoch beside sites and zone: docs/decisions/015-who-holds-the-epoch.md. */
import { z } from 'zod';
import { awsCredentials, awsPlace } from './aws.ts';
import { identifier } from './common.ts';

export const witness = awsPlace
  .extend({
    name: identifier.describe('Name of the witness, for people.'),
    bucket: z
      .string()
      .min(3)
      .max(63)
      .regex(/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/, 'write the name of a bucket in small letters, digits, dots and dashes')
      .meta({ description: 'Bucket in which its object is.', examples: ['example-dr-epoch'] }),
    key: z
      .string()
      .max(512)
      .regex(/^[A-Za-z0-9][A-Za-z0-9_./-]*$/, 'write a key in letters, digits, dots, dashes, underscores and slashes')
      .optional()
      .meta({ description: 'Key of the object; absent: dr-epoch/ and the name of the estate.', examples: ['dr-epoch/my-estate'] }),
    credentials: awsCredentials.optional(),
  })
  .describe('One object in S3, which is written only if it is still what was read; docs/aws.md says what it needs.');

export type Witness = z.infer<typeof witness>;
