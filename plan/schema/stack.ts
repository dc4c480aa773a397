/** What a site is built on where nothing stands yet: docs/decisions/021-infrastructure.md. */
import { z } from 'zod';
import { awsCredentials, awsPlace } from './aws.ts';
import { line, money, path } from './common.ts';
import { durationIn } from './ranges.ts';

const costPerDay = money.optional().describe('What it costs a day while it stands, as people are told of what stays behind; absent: not known.');

const settings = (what: string) => z.record(z.string().max(255).regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, 'write the name of a parameter in letters, digits, dashes and underscores'), line).default({}).describe(what); // prettier-ignore

export const stack = z
  .discriminatedUnion('driver', [
    awsPlace
      .extend({
        driver: z.literal('cloudformation').describe('A stack of CloudFormation.'),
        credentials: awsCredentials.optional(),
        stack: z
          .string()
          .max(128)
          .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'write the name of a stack in letters, digits and dashes, starting with a letter')
          .meta({ description: 'Name of the stack.', examples: ['my-service-dr'] }),
        template: path.describe("Its template, YAML or JSON, below the plan's folder."),
        parameters: settings('Values of its parameters. They are read by many: no secrets.'),
        serviceRole: z
          .string()
          .max(300)
          .regex(/^arn:aws(-[a-z-]+)?:iam::\d{12}:role\/[A-Za-z0-9+=,.@_/-]+$/, 'write the ARN of a role, such as arn:aws:iam::123456789012:role/stack')
          .meta({
            description: 'Role that CloudFormation takes on to make what the template says, so that the worker itself need not be allowed to.',
            examples: ['arn:aws:iam::123456789012:role/my-service-dr-stack'],
          }),
        costPerDay,
      })
      .describe('A stack of CloudFormation.'),
    z
      .strictObject({
        driver: z.literal('terraform').describe("A root module of Terraform, applied by the program on the worker's machine."),
        folder: path.describe("Its folder, below the plan's, in which terraform init has been run."),
        variables: settings('Values of its variables, beside dr_run. They are read by many: give secrets to the worker as TF_VAR_NAME.'),
        lockTimeout: durationIn(
          { whole: true, from: 'PT0S', to: 'PT10M', why: 'whoever holds the lock of the state applies something, and may be done soon', example: 'PT30S' },
          'How long to wait for the lock of the state.',
        ).default('PT30S'),
        costPerDay,
      })
      .describe('A root module of Terraform.'),
  ])
  .describe('What a site is built on.');

export type StackSettings = z.infer<typeof stack>;
export type CloudFormationStack = Extract<StackSettings, { driver: 'cloudformation' }>;
export type TerraformStack = Extract<StackSettings, { driver: 'terraform' }>;
