/** The real things at the sites and how they are reached. The lab differs from production in this file only. */
import { z } from 'zod';
import { awsCredentials, awsPlace } from './aws.ts';
import { endpoint, host, identifier, keyPattern, line, path, port, secretReference, sqlName, url } from './common.ts';
import { gradual } from './gradual.ts';
import { countIn, durationIn, listOf } from './ranges.ts';
import { restore, restoreHost } from './restore.ts';
import { agentLogin, sshServer } from './ssh.ts';
import { witness } from './witness.ts';

/** It reaches SQL and shells. PostgreSQL cuts longer names off. */
const standbyName = z
  .string()
  .max(63)
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/, 'write a name of letters, digits, dashes, dots and underscores, at most 63 of them');
const urlPath = z
  .string()
  .max(200)
  .regex(/^\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$/, 'write a path of an address, such as /health, without query')
  .meta({ examples: ['/health'] });

/** Two observers of different kinds, and a hold time, before "failed". */
export const detection = z
  .strictObject({
    holdTime: durationIn(
      { from: 'PT1S', to: 'PT1H', why: 'a lost packet is no failure, and what has failed for an hour has failed', example: 'PT1M' },
      'Failure counts only after it was seen for this long, and longer than the longest blip that is tolerated.',
    ),
    probeInterval: durationIn(
      { from: 'PT0.1S', to: 'PT5M', why: 'probes are not to load what they look at, and a hold time needs several of them', example: 'PT5S' },
      'Time between two rounds of probes.',
    ),
    probeTimeout: durationIn(
      { from: 'PT0.1S', to: 'PT1M', why: 'an answer from another continent takes a tenth of a second, and no customer waits for a minute', example: 'PT3S' },
      'How long one probe waits for an answer.',
    ),
    evidenceMaxAge: durationIn(
      { from: 'PT5S', to: 'PT1H', why: 'evidence must last until it is read, and nobody may decide on what was so an hour ago', example: 'PT2M' },
      'Evidence older than this is observed again while people decide on it; where that fails, the question says since when it was not renewed.',
    ),
    clockSkewMax: durationIn(
      { from: 'PT0.5S', to: 'PT10S', why: 'NTP keeps clocks within milliseconds, and evidence is weighed by seconds', example: 'PT2S' },
      "How far the clock of a site or of a worker may be from the Temporal server's before people are told.",
    ).default('PT2S'),
    referenceTargets: listOf(
      endpoint,
      { min: 1, max: 20 },
      'Addresses that an observer must reach to count as a witness: one that sees none of them is blind.',
    ),
  })
  .describe('How failure is observed.');

export const limits = z
  .strictObject({
    lagBytesMax: countIn(
      { from: 0, to: 2 ** 40, why: 'a lag of more than a tebibyte is no replica', example: 16777216 },
      'Replication lag at the target, in bytes, above which people must accept the loss.',
    ),
    lagTimeMax: durationIn({ from: 'PT0S', to: 'P1D', why: 'a replica that is a day behind is a backup', example: 'PT1M' }, 'The same in time.'),
    heartbeatMaxAge: durationIn(
      {
        from: 'PT1S',
        to: 'PT1M',
        why: 'the agent beats every second, and what was set after the last beat is not seen: that is the window of what is assumed',
        example: 'PT10S',
      },
      'The youngest heartbeat row of the failed primary may be this old, at the moment when it was cut off, for the fence by replication to hold.',
    ),
  })
  .describe('Bounds on what may be lost or assumed.');

export const service = z
  .strictObject({
    unit: identifier.describe('Unit name for the service manager.'),
    publicHost: host.describe('Name that customers use and that certificates must carry.'),
    publicPort: port.describe('Port that customers use.'),
    caFile: path.optional().describe("Certificate authority that clients trust; absent: the system's own."),
    healthPath: urlPath.describe('Path that says whether the service is well.'),
    metricsPath: urlPath.describe('Path of the metrics.'),
    uptimeMetric: z
      .string()
      .max(200)
      .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'write the name of a metric, in letters, digits, underscores and colons')
      .meta({ description: 'Metric whose growth shows that the service has been up, in seconds.', examples: ['my_service_uptime_seconds'] }),
    files: listOf(path, { max: 100 }, "Files that the site agent must find at a target before it is promoted, on the target's host."),
    certificate: z
      .strictObject({
        file: path.describe("The certificate on the target's host."),
        minimumValidity: durationIn(
          { from: 'PT1H', to: 'P366D', why: 'it must outlast the recovery, and authorities give no certificate for longer than a year', example: 'P14D' },
          'How long it must still be valid.',
        ),
      })
      .describe('The certificate of the service.'),
  })
  .describe('The application service, the same at each site.');

/**
 * The service answers `GET {path}/probe?write=TOKEN` after writing TOKEN through the function's own stores, and reading it back, with JSON
 * `{ "function": id, "status": "ok" | "degraded", "written": TOKEN, "readBack": TOKEN, "asOf": RFC 3339 time of the newest data served }`.
 */
export const functionProbe = z
  .strictObject({
    function: identifier.describe('Id of the function.'),
    path: urlPath.describe(
      'The service answers GET {path}/probe?write=TOKEN after writing TOKEN through the stores of the function and reading it back; docs/own-estate.md has the form of the answer.',
    ),
    tables: listOf(sqlName, { max: 100 }, 'Tables whose row counts must agree with the reference standby at the same position.'),
    cacheKeys: listOf(keyPattern, { max: 100 }, 'Key patterns in the cache whose count must agree with the reference replica.'),
  })
  .describe('How a business function is verified, by content.');

/** `true`: certificates are checked against the system's own authorities. */
const tls = z.union([
  z.boolean(),
  z
    .strictObject({
      caFile: path.optional().describe("Certificate authority of the servers; absent: the system's own."),
      client: z
        .strictObject({ certificate: secretReference, key: secretReference })
        .optional()
        .describe('Certificate by which the worker shows who it is, and its key, both as PEM; absent: it shows none.'),
    })
    .describe('What certificates are checked against, and shown.'),
]);

const anyPostgresql = {
  name: sqlName.describe('Name of the database.'),
  observer: z
    .strictObject({ user: sqlName.describe('Login.'), password: secretReference })
    .describe('A login that can read statistics and the probed tables and cannot write.'),
};

export const database = z
  .discriminatedUnion('driver', [
    z.strictObject({
      driver: z.literal('postgresql').describe("PostgreSQL on hosts, changed by the sites' agents."),
      ...anyPostgresql,
      tls: tls
        .optional()
        .describe('Whether and how the databases are asked over TLS; absent: not. Certificates are always checked, for the host as the plan writes it.'),
      heartbeatTable: sqlName.describe("Table with one row that the primary's agent rewrites: time, settings that decide durability. Read at the standbys."),
    }),
    z.strictObject({
      driver: z.literal('rds').describe('RDS for PostgreSQL with a read replica in each other region, changed by its API.'),
      ...anyPostgresql,
      tls: tls.describe('Whether the databases are asked over TLS, which RDS demands unless its parameter group says otherwise.'),
      credentials: awsCredentials.optional(),
      instances: z
        .record(identifier, awsPlace.extend({ instance: identifier.describe('Identifier of the DB instance.') }).describe('Where the instance is.'))
        .describe('DB instances, by id of the site that has a copy.'),
    }),
  ])
  .describe('The database, the same at each site.');

const anyRedis = {
  observer: z.strictObject({ user: sqlName.describe('Login.'), password: secretReference }).describe('A login that can only read and inspect.'),
};

export const cache = z
  .discriminatedUnion('driver', [
    z.strictObject({
      driver: z.literal('redis').describe("Redis on hosts, changed by the sites' agents."),
      ...anyRedis,
      tls: tls
        .optional()
        .describe('Whether and how the servers are asked over TLS; absent: not. Certificates are always checked, for the host as the plan writes it.'),
      replicaMaxLag: durationIn(
        {
          whole: true,
          from: 'PT1S',
          to: 'PT1M',
          why: 'Redis counts whole seconds, and for so long an isolated primary goes on acknowledging',
          example: 'PT2S',
        },
        '`min-replicas-max-lag` of the servers: an isolated primary stops acknowledging after this time plus 2 s.',
      ),
      writesWaitForReplicas: countIn(
        { from: 0, to: 10, why: 'a write that waits for more than ten replicas waits for the slowest of them' },
        'The service acknowledges a write only after so many replicas have it (`WAIT`); 0 where it does not wait.',
      ),
    }),
    z.strictObject({
      driver: z.literal('elasticache').describe('A Global Datastore of ElastiCache with a replication group in each region, changed by its API.'),
      ...anyRedis,
      tls: tls.describe('Whether the servers are asked over TLS (encryption in transit), without which AWS gives users no passwords.'),
      globalDatastore: identifier.describe('Id of the global replication group.'),
      credentials: awsCredentials.optional(),
      replicationGroups: z
        .record(
          identifier,
          awsPlace.extend({ replicationGroup: identifier.describe('Id of the replication group.') }).describe('Where the replication group is.'),
        )
        .describe('Replication groups, by id of the site that has a copy.'),
    }),
  ])
  .describe('The cache, the same at each site; absent where the estate has none, and its procedures then have no steps for one.');

export const capacity = z
  .discriminatedUnion('driver', [
    z.strictObject({ driver: z.literal('agent').describe('A command of the site agent.') }),
    z.strictObject({
      driver: z.literal('auto-scaling').describe('The size of EC2 Auto Scaling groups.'),
      credentials: awsCredentials.optional(),
      sites: z
        .record(
          identifier,
          awsPlace
            .extend({
              groups: listOf(
                z
                  .string()
                  .max(255)
                  .regex(/^[A-Za-z0-9._/-]+$/, 'write the name of an Auto Scaling group'),
                { min: 1, max: 20 },
                'Filled in this order: where AWS has no room for the first, the rest of the instances goes to the next, of another type or zone.',
              ),
              fullLoadInstances: countIn({ from: 1, to: 10000, why: 'AWS lets a group grow no further' }, 'Instances that carry the full production load.'),
            })
            .describe('Where the groups are.'),
        )
        .describe('Groups, by id of the site.'),
    }),
  ])
  .describe('How a site is given its share of the full load; absent: by a command of its agent.');

const healthCheckId = z
  .string()
  .max(36)
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'write the id of a health check as Route 53 gives it, such as 0f1e2d3c-4b5a-4968-8776-655443322110')
  .meta({ examples: ['0f1e2d3c-4b5a-4968-8776-655443322110'] });

export const dns = z
  .strictObject({
    driver: z.literal('route53').describe('Who serves the zone.'),
    region: line.meta({ description: "Region of the provider's control plane.", examples: ['eu-west-1'] }),
    endpoint: url.optional().describe("Present where the API is not AWS's own."),
    credentials: awsCredentials.optional(),
    hostedZoneId: z
      .string()
      .max(32)
      .regex(/^[A-Z0-9]+$/, 'write the id of the hosted zone in capital letters and digits, such as Z1PA6795UKMFR9')
      .meta({ description: 'Id of the hosted zone.', examples: ['Z1PA6795UKMFR9'] }),
    recordName: host.describe('Record that customers resolve.'),
    ttl: durationIn(
      { whole: true, from: 'PT1S', to: 'PT1H', why: 'DNS counts whole seconds, and for so long customers may still go to the failed site', example: 'PT30S' },
      'TTL of that record: caches may keep the old answer so long.',
    ),
    epochRecordName: host.describe('TXT record that holds the epoch; changed in the same batch as the route.'),
    methods: listOf(
      z.enum(['data-plane', 'control-plane']),
      { min: 1, max: 2 },
      'Two ways to route: throw a switch that a health check watches (data plane), or change the record (control plane). Tried in this order.',
    ),
    switchHealthCheckId: healthCheckId.describe('Health check of the primary failover record, which watches the switch.'),
    siteHealthCheckId: healthCheckId.describe('Health check that watches the primary site itself.'),
    healthCheck: z
      .strictObject({
        interval: durationIn(
          {
            whole: true,
            from: 'PT1S',
            to: 'PT1M',
            why: 'Route 53 checks every 10 or 30 seconds, and nobody sees a failure sooner than the next check',
            example: 'PT10S',
          },
          'Time between two checks.',
        ),
        failureThreshold: countIn({ from: 1, to: 10, why: 'Route 53 takes no other', example: 3 }, 'Checks in a row that must agree before the state changes.'),
      })
      .describe('How the health checks are set.'),
    controlPlaneBound: durationIn(
      { from: 'PT1S', to: 'PT30M', why: 'a change takes about a minute, and one that takes half an hour is not coming', example: 'PT1M' },
      'Longest wait for a changed record to be in sync.',
    ),
    gradual: gradual.optional(),
    authoritativeServers: listOf(endpoint, { min: 1, max: 20 }, 'Servers that answer for the zone.'),
    resolvers: listOf(endpoint, { min: 2, max: 20 }, 'Resolvers by which a run asks as a customer would.'),
  })
  .describe('How traffic is routed.');

export const estateSite = z
  .strictObject({
    agent: sshServer.describe('The SSH server of the site agent.'),
    database: endpoint
      .extend({
        standbyName: standbyName
          .optional()
          .describe(
            '`application_name` by which its server follows a primary, as `synchronous_standby_names` and `pg_stat_replication` have it; absent: the id of the site.',
          ),
      })
      .optional()
      .describe('The database server; absent where the site has none.'),
    cache: endpoint.optional().describe('The cache server; absent where the site has none.'),
    service: endpoint.describe('The service at this site, asked directly.'),
    publicAddress: z.ipv4().meta({ description: 'The address that DNS gives to customers.', examples: ['192.0.2.10'] }),
    restore: restoreHost.optional(),
    switch: z.strictObject({ url }).optional().describe('Where the site answers whether its switch is thrown; watched by health checks.'),
  })
  .describe('Addresses of one site.');

export const estate = z
  .strictObject({
    name: identifier.describe('Name of the estate; a run has the workflow id recovery/<name>.'),
    detection,
    limits,
    service,
    functionProbes: listOf(functionProbe, { min: 1, max: 200 }, 'How the functions are verified.'),
    database,
    cache: cache.optional(),
    capacity: capacity.optional(),
    dns,
    witnesses: listOf(
      witness,
      { max: 9 },
      'What holds the epoch beside the sites and the DNS zone, so that a majority is left when several of them are gone; absent: nothing does. Put each where no site stands.',
    ).optional(),
    ssh: agentLogin,
    restore: restore.optional(),
    sites: z.record(identifier, estateSite).describe('Addresses, by id of the site.'),
    monitoring: z
      .strictObject({
        url: url.describe('Where CloudEvents about the service are posted.'),
        token: secretReference.optional().describe('Bearer token; absent: none is sent.'),
      })
      .describe('The monitoring system that is told where the service runs.'),
    mail: z
      .strictObject({
        server: endpoint.describe('SMTP server.'),
        from: z
          .email()
          .max(254)
          .meta({ description: 'Sender of the messages.', examples: ['recovery@example.com'] }),
      })
      .describe('How messages reach people.'),
    reports: z.strictObject({ directory: path.describe('Folder for copies of finished reports.') }).describe('Where reports are kept.'),
  })
  .describe('The real things at the sites and how they are reached.');

export type Estate = z.infer<typeof estate>;
export type EstateSite = z.infer<typeof estateSite>;
export type Tls = z.infer<typeof tls>;
export type FunctionProbe = z.infer<typeof functionProbe>;
