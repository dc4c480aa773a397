/** Where an AWS API is, and with what it is called. */
import { z } from 'zod';
import { secretReference, url } from './common.ts';

export const awsCredentials = z
  .strictObject({ accessKeyId: secretReference, secretAccessKey: secretReference })
  .describe("Static credentials; absent: the SDK's own chain.");

export const awsPlace = z
  .strictObject({
    region: z
      .string()
      .max(32)
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'write a region such as eu-west-1')
      .meta({ description: 'Region whose API is called.', examples: ['eu-west-1'] }),
    endpoint: url.optional().describe("Present where the API is not AWS's own."),
  })
  .describe('The endpoint of a region.');

export type AwsCredentials = z.infer<typeof awsCredentials>;
export type AwsPlace = z.infer<typeof awsPlace>;
