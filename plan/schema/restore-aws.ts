/** What is made at AWS of a snapshot, where a site's stores are restored there: docs/cold-start.md. */
import { z } from 'zod';
import { awsCredentials, awsPlace } from './aws.ts';
import { identifier } from './common.ts';
import { countIn, listOf } from './ranges.ts';

const securityGroup = z
  .string()
  .max(20)
  .regex(/^sg-[0-9a-f]{8,17}$/, 'write the id of a security group, such as sg-0a1b2c3d4e5f60718')
  .meta({ examples: ['sg-0a1b2c3d4e5f60718'] });
const groupName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z][A-Za-z0-9._-]*$/, 'write a name of letters, digits, dots, dashes and underscores, starting with a letter')
  .meta({ examples: ['my-recovery'] });
const snapshotPrefix = z
  .string()
  .max(255)
  .regex(/^[A-Za-z][A-Za-z0-9:-]*$/, 'write how names of snapshots begin, in letters, digits, dashes and colons')
  .meta({ examples: ['nightly-'] });
const tagText = (what: string, max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[A-Za-z0-9 _.:/=+@-]+$/, `write ${what} in letters, digits, spaces and _.:/=+-@`);

const anyStore = {
  ...awsPlace.shape,
  credentials: awsCredentials.optional(),
  subnetGroup: groupName.describe('Subnet group in which it is made.'),
  parameterGroup: groupName.describe('Parameter group with which it runs; of the family of its engine.'),
  closedSecurityGroups: listOf(securityGroup, { min: 1, max: 5 }, 'Security groups until services are let in: they let in the workers, and nobody else.'),
  securityGroups: listOf(securityGroup, { min: 1, max: 5 }, 'Security groups from then on: they let in the service and the workers.'),
  multiAz: z.boolean().describe('Whether a second one stands by in another zone.'),
  backupRetentionDays: countIn(
    { from: 1, to: 35, why: 'AWS keeps automatic backups no longer, and without any nothing protects what customers write', example: 7 },
    'How long its own automatic backups are kept.',
  ),
  kmsKey: z
    .string()
    .max(200)
    .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, 'write the ARN of a key of KMS')
    .meta({
      description: 'Key by which it must be encrypted; absent: any.',
      examples: ['arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c-4b5a-4968-8776-655443322110'],
    })
    .optional(),
  tags: z
    .record(tagText('the name of a tag', 128), tagText('the value of a tag', 256).describe('Value of the tag.'))
    .refine((tags) => Object.keys(tags).every((key) => !/^(dr-|aws:)/.test(key)), 'tags that begin with dr- or aws: are not yours to set')
    .describe('Tags that it carries besides those of the run.')
    .optional(),
};

const classNames = (prefix: 'db' | 'cache') =>
  z
    .string()
    .max(40)
    .regex(new RegExp(`^${prefix}\\.[a-z0-9-]+\\.[a-z0-9]+$`), `write a class such as ${prefix}.r6g.large`)
    .meta({ examples: [`${prefix}.r6g.large`] });

/** An instance of RDS for PostgreSQL that is made of a snapshot, or of automatic backups. */
export const rdsTarget = z
  .strictObject({
    ...anyStore,
    instance: identifier.describe('Identifier of the DB instance to make. Nothing of that name may stand there.'),
    source: z
      .strictObject({
        instance: identifier.describe('Identifier of the DB instance whose snapshots and automatic backups are restored, as they name it.'),
        snapshotPrefix: snapshotPrefix.describe('Only snapshots whose names begin so; absent: all of that instance.').optional(),
        account: z
          .string()
          .max(12)
          .regex(/^\d{12}$/, 'write the twelve digits of an account of AWS, in quotes')
          .meta({ description: 'Account that shares its snapshots with this one; absent: only own ones are restored.', examples: ['123456789012'] })
          .optional(),
      })
      .describe('What is restored.'),
    systemIdentifier: z
      .string()
      .max(20)
      .regex(/^[1-9]\d{0,19}$/, 'write the number that pg_control_system() tells as the system identifier, in quotes')
      .meta({
        description: 'System identifier of that instance, where it is another than estate.restore.database has, as that of a logical copy is.',
        examples: ['7713728447703360668'],
      })
      .optional(),
    classes: listOf(classNames('db'), { min: 1, max: 10 }, 'Classes of the instance, the first that AWS has room for.'),
    zones: listOf(
      z
        .string()
        .max(32)
        .regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'write a zone such as eu-west-1a')
        .meta({ examples: ['eu-west-1a'] }),
      { min: 1, max: 6 },
      'Zones in which each class is tried, in this order; absent: AWS chooses. Not with multiAz.',
    ).optional(),
    deletionProtection: z.boolean().describe('Whether nobody deletes it without taking this back first, once it is accepted.'),
  })
  .describe('Restored by RDS; absent: by site-restore.');

/** A replication group of ElastiCache that is made of a snapshot. */
export const elastiCacheTarget = z
  .strictObject({
    ...anyStore,
    replicationGroup: identifier.max(40).describe('Id of the replication group to make, at most 40 characters. Nothing of that name may stand there.'),
    source: z
      .strictObject({
        replicationGroup: identifier.describe('Id of the replication group whose snapshots are restored, as they name it.'),
        snapshotPrefix: snapshotPrefix.describe('Only snapshots whose names begin so; absent: all of that group.').optional(),
      })
      .describe('What is restored.'),
    nodeTypes: listOf(classNames('cache'), { min: 1, max: 10 }, 'Types of its nodes, the first that AWS has room for.'),
    replicas: countIn({ from: 0, to: 5, why: 'AWS gives a primary no more', example: 1 }, 'Replicas beside the primary.'),
    userGroups: listOf(groupName, { min: 1, max: 1 }, 'Group of the users who may sign in: a snapshot has none; absent: anybody who reaches it.').optional(),
  })
  .describe('Restored by ElastiCache; absent: by site-restore.');

export type RdsTarget = z.infer<typeof rdsTarget>;
export type ElastiCacheTarget = z.infer<typeof elastiCacheTarget>;
