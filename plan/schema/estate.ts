/** The real things at the sites and how they are reached. The lab differs from production in this file only. */
import { z } from 'zod';
import { awsCredentials, awsPlace } from './aws.ts';
import { duration, endpoint, host, identifier, path, port, secretReference, url } from './common.ts';

const sqlName = z.string().regex(/^[a-z_][a-z0-9_]*$/);
/** It reaches SQL and shells. PostgreSQL cuts longer names off. */
const standbyName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/, 'write a name of letters, digits, dashes, dots and underscores, at most 63 of them');
const urlPath = z.string().startsWith('/');

/** Two observers of different kinds, and a hold time, before "failed". */
export const detection = z
  .strictObject({
    holdTime: duration.describe('Failure counts only after it was seen for this long, and longer than the longest blip that is tolerated.'),
    probeInterval: duration.describe('Time between two rounds of probes.'),
    probeTimeout: duration.describe('How long one probe waits for an answer.'),
    evidenceMaxAge: duration.describe('Evidence older than this is observed again before people decide on it.'),
    referenceTargets: z.array(endpoint).min(1).describe('Addresses that an observer must reach to count as a witness: one that sees none of them is blind.'),
  })
  .describe('How failure is observed.');

export const limits = z
  .strictObject({
    lagBytesMax: z.int().min(0).describe('Replication lag at the target, in bytes, above which people must accept the loss.'),
    lagTimeMax: duration.describe('The same in time.'),
    heartbeatMaxAge: duration.describe(
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
      .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/)
      .describe('Metric whose growth shows that the service has been up, in seconds.'),
    files: z.array(path).describe("Files that the site agent must find at a target before it is promoted, on the target's host."),
    certificate: z
      .strictObject({
        file: path.describe("The certificate on the target's host."),
        minimumValidity: duration.describe('How long it must still be valid.'),
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
    tables: z.array(sqlName).describe('Tables whose row counts must agree with the reference standby at the same position.'),
    cacheKeys: z.array(z.string().regex(/^[a-z0-9:*_-]+$/)).describe('Key patterns in the cache whose count must agree with the reference replica.'),
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
      replicaMaxLag: duration.describe('`min-replicas-max-lag` of the servers: an isolated primary stops acknowledging after this time plus 2 s.'),
      writesWaitForReplicas: z
        .int()
        .min(0)
        .describe('The service acknowledges a write only after so many replicas have it (`WAIT`); 0 where it does not wait.'),
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
              groups: z
                .array(z.string().regex(/^[A-Za-z0-9._/-]+$/))
                .min(1)
                .describe('Filled in this order: where AWS has no room for the first, the rest of the instances goes to the next, of another type or zone.'),
              fullLoadInstances: z.int().min(1).describe('Instances that carry the full production load.'),
            })
            .describe('Where the groups are.'),
        )
        .describe('Groups, by id of the site.'),
    }),
  ])
  .describe('How a site is given its share of the full load; absent: by a command of its agent.');

export const dns = z
  .strictObject({
    driver: z.literal('route53').describe('Who serves the zone.'),
    region: z.string().describe("Region of the provider's control plane."),
    endpoint: url.optional().describe("Present where the API is not AWS's own."),
    credentials: awsCredentials.optional(),
    hostedZoneId: z
      .string()
      .regex(/^[A-Z0-9]+$/)
      .describe('Id of the hosted zone.'),
    recordName: host.describe('Record that customers resolve.'),
    ttl: duration.describe('TTL of that record: caches may keep the old answer so long.'),
    epochRecordName: host.describe('TXT record that holds the epoch; changed in the same batch as the route.'),
    methods: z
      .array(z.enum(['data-plane', 'control-plane']))
      .min(1)
      .describe('Two ways to route: throw a switch that a health check watches (data plane), or change the record (control plane). Tried in this order.'),
    switchHealthCheckId: z.string().describe('Health check of the primary failover record, which watches the switch.'),
    siteHealthCheckId: z.string().describe('Health check that watches the primary site itself.'),
    healthCheck: z
      .strictObject({
        interval: duration.describe('Time between two checks.'),
        failureThreshold: z.int().min(1).max(10).describe('Checks in a row that must agree before the state changes.'),
      })
      .describe('How the health checks are set.'),
    controlPlaneBound: duration.describe('Longest wait for a changed record to be in sync.'),
    authoritativeServers: z.array(endpoint).min(1).describe('Servers that answer for the zone.'),
    resolvers: z.array(endpoint).min(2).describe('Resolvers by which a run asks as a customer would.'),
  })
  .describe('How traffic is routed.');

export const ssh = z
  .strictObject({
    user: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]*$/)
      .describe("Account of the site agent on each site's host."),
    privateKey: secretReference,
    connectTimeout: duration.describe('Longest wait for a connection, and for silence on one.'),
  })
  .describe('How the site agents are reached.');

export const estateSite = z
  .strictObject({
    agent: endpoint
      .extend({
        hostKey: z
          .string()
          .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'write the fingerprint as ssh-keygen -lf prints it: SHA256: and 43 characters')
          .describe('Pinned host key, as `ssh-keygen -lf` prints it. A host that shows another key is refused.'),
      })
      .describe('The SSH server of the site agent.'),
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
    publicAddress: z.ipv4().describe('The address that DNS gives to customers.'),
    switch: z.strictObject({ url }).optional().describe('Where the site answers whether its switch is thrown; watched by health checks.'),
  })
  .describe('Addresses of one site.');

export const estate = z
  .strictObject({
    name: identifier.describe('Name of the estate; a run has the workflow id recovery/<name>.'),
    detection,
    limits,
    service,
    functionProbes: z.array(functionProbe).min(1).describe('How the functions are verified.'),
    database,
    cache: cache.optional(),
    capacity: capacity.optional(),
    dns,
    ssh,
    sites: z.record(identifier, estateSite).describe('Addresses, by id of the site.'),
    monitoring: z
      .strictObject({
        url: url.describe('Where CloudEvents about the service are posted.'),
        token: secretReference.optional().describe('Bearer token; absent: none is sent.'),
      })
      .describe('The monitoring system that is told where the service runs.'),
    mail: z
      .strictObject({ server: endpoint.describe('SMTP server.'), from: z.email().describe('Sender of the messages.') })
      .describe('How messages reach people.'),
    reports: z.strictObject({ directory: path.describe('Folder for copies of finished reports.') }).describe('Where reports are kept.'),
  })
  .describe('The real things at the sites and how they are reached.');

export type Estate = z.infer<typeof estate>;
export type EstateSite = z.infer<typeof estateSite>;
export type Tls = z.infer<typeof tls>;
export type FunctionProbe = z.infer<typeof functionProbe>;
