/** What comes back from backups when no running site is left, and where: docs/decisions/019-cold-start.md. */
import { z } from 'zod';
import { endpoint, identifier, keyPattern, sqlName } from './common.ts';
import { countIn, listOf } from './ranges.ts';
import { elastiCacheTarget, rdsTarget } from './restore-aws.ts';
import { restoreLogin, sshServer } from './ssh.ts';
import { stack } from './stack.ts';

const backupId = identifier.describe('Id of the backup of this plan (backups) from which it is restored.');

const bytesPerSecond = countIn(
  { from: 1024, to: 1e12, why: 'a restore was seen that was as fast, and no disk is faster', example: 100_000_000 },
  'How fast the last restore was, log included; absent: not known, and nobody is told how long it will take.',
).optional();

const tree = (what: string, example: string) =>
  z
    .strictObject({
      backup: backupId,
      from: z
        .string()
        .max(1000)
        .regex(
          /^(s3:\/\/[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*|file:\/\/(\/[A-Za-z0-9._-]+)+)$/,
          'write s3://BUCKET/PREFIX, or file:///FOLDER of a repository that is mounted',
        )
        .meta({
          description:
            'Where its versions are, each in a folder of its own: s3://BUCKET/PREFIX, or file:///FOLDER of a repository that is mounted. The restore.conf of each site that restores must say the same, or nothing is restored.',
          examples: [example],
        }),
      bytesPerSecond,
    })
    .describe(what);

const reference = z
  .strictObject({
    cacheKeys: keyPattern.describe('Pattern of the keys.'),
    part: countIn({ from: 1, to: 20, why: 'no key has more parts', example: 2 }, 'Which part of a key names the row: keys have colons between their parts.'),
    table: sqlName.describe('Table of the row.'),
    column: sqlName.describe('Column that has that name, as text.'),
  })
  .describe('What a key of the cache says of a row.');

export type Reference = z.infer<typeof reference>;

export const restore = z
  .strictObject({
    ssh: restoreLogin.optional(),
    database: z
      .strictObject({
        backup: backupId,
        systemIdentifier: z
          .string()
          .max(20)
          .regex(/^[1-9]\d{0,19}$/, 'write the number that pg_controldata prints as the system identifier, in quotes')
          .meta({
            description: 'System identifier of the cluster, as `pg_controldata` prints it: a set of another cluster is refused.',
            examples: ['7713728447703360668'],
          }),
        bytesPerSecond,
      })
      .describe('The database, restored by site-restore.'),
    cache: z.strictObject({ backup: backupId, bytesPerSecond }).describe('The cache, restored from a snapshot; absent: it starts empty.').optional(),
    application: tree(
      'The application, unpacked from an archive and made current by a link; absent: what is installed at the site is used as it is.',
      's3://app-backup/application',
    ).optional(),
    sessions: tree(
      'Session data that the application keeps in files, unpacked and made current in the same way; absent: none are restored.',
      's3://sessions-backup/sessions',
    ).optional(),
    references: listOf(
      reference,
      { max: 20 },
      'What keys of the cache say of rows of the database: those that name no row are counted once both are restored, and people see how many before they accept; absent: none are counted.',
    ).optional(),
    infrastructure: z.record(identifier, stack).describe('What a site is built on, by id of the site; absent where its hosts are there.').optional(),
  })
  .describe('How the estate comes back from its backups; absent: by no procedure.');

export const restoreHost = sshServer
  .partial()
  .extend({
    database: endpoint.extend({ rds: rdsTarget.optional() }).describe('Where the restored database listens once it is accepted.'),
    cache: endpoint
      .extend({ elasticache: elastiCacheTarget.optional() })
      .describe('Where the restored cache listens once services are let in; absent where none is restored.')
      .optional(),
  })
  .describe(
    'The SSH server of site-restore (host, port, hostKey), at the host whose stores may be restored, or what is made of them at AWS; absent where nothing is restored.',
  );

export type Restore = z.infer<typeof restore>;
