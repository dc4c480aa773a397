/** The real things at the sites and how they are reached. The lab differs from production in this file only. */
import { z } from 'zod';
import { duration, endpoint, host, identifier, path, port, secretReference, url } from './common.ts';

/** How failure is observed. Sources: DESIGN's five safety rules, rules 1 and 2. */
export const detection = z.strictObject({
  /** Failure counts only after it was seen for this long, and longer than the longest blip that is tolerated. */
  holdTime: duration,
  probeInterval: duration,
  /** How long one probe waits for an answer. */
  probeTimeout: duration,
  /** Evidence older than this is observed again before people decide on it. */
  evidenceMaxAge: duration,
  /** Addresses that an observer must reach to count as a witness: one that sees none of them is blind. */
  referenceTargets: z.array(endpoint).min(1),
});

/** Bounds on what may be lost or assumed. */
export const limits = z.strictObject({
  /** Replication lag at the target above which people must accept the loss. */
  lagBytesMax: z.int().min(0),
  lagTimeMax: duration,
  /** The youngest heartbeat row of the failed primary may be this old, at the moment when it was cut off, for the fence by replication to hold. */
  heartbeatMaxAge: duration,
});

/** The application service, the same at each site. */
export const service = z.strictObject({
  /** Unit name for the service manager. */
  unit: identifier,
  /** Name that customers use and that certificates must carry. */
  publicHost: host,
  publicPort: port,
  /** Certificate authority that clients trust; absent: the system's own. */
  caFile: path.optional(),
  healthPath: z.string().startsWith('/'),
  metricsPath: z.string().startsWith('/'),
  /** Metric whose growth shows that the service has been up, in seconds. */
  uptimeMetric: z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/),
  /** Files that the site agent must find at a target before it is promoted, on the target's host. */
  files: z.array(path),
  /** The certificate on the target's host, and how long it must still be valid. */
  certificate: z.strictObject({ file: path, minimumValidity: duration }),
});

/**
 * How a business function is verified, by content.
 * The service answers `GET {path}/probe?write=TOKEN` after writing TOKEN through the function's own stores, and reading it back, with JSON
 * `{ "function": id, "status": "ok" | "degraded", "written": TOKEN, "readBack": TOKEN, "asOf": RFC 3339 time of the newest data served }`.
 */
export const functionProbe = z.strictObject({
  function: identifier,
  path: z.string().startsWith('/'),
  /** Tables whose row counts must agree with the reference standby at the same position. */
  tables: z.array(z.string().regex(/^[a-z_][a-z0-9_]*$/)),
  /** Key patterns in the cache whose count must agree with the reference replica. */
  cacheKeys: z.array(z.string().regex(/^[a-z0-9:*_-]+$/)),
});

export const database = z.strictObject({
  driver: z.literal('postgresql'),
  name: z.string().regex(/^[a-z_][a-z0-9_]*$/),
  /** A login that can read statistics and the probed tables and cannot write. */
  observer: z.strictObject({ user: z.string().regex(/^[a-z_][a-z0-9_]*$/), password: secretReference }),
  /** Table with one row that the primary's agent rewrites: time, settings that decide durability. Read at the standbys. */
  heartbeatTable: z.string().regex(/^[a-z_][a-z0-9_]*$/),
});

export const cache = z.strictObject({
  driver: z.literal('redis'),
  /** A login that can only read and inspect. */
  observer: z.strictObject({ user: z.string().regex(/^[a-z_][a-z0-9_]*$/), password: secretReference }),
  /** `min-replicas-max-lag` of the servers: an isolated primary stops acknowledging after this time plus 2 s. */
  replicaMaxLag: duration,
  /** The service acknowledges a write only after so many replicas have it (`WAIT`); 0 where it does not wait. */
  writesWaitForReplicas: z.int().min(0),
});

/** Two ways to route: throw a switch that a health check watches (data plane), or change the record (control plane). Tried in this order. */
export const dns = z.strictObject({
  driver: z.literal('route53'),
  region: z.string(),
  /** Present where the API is not AWS's own. */
  endpoint: url.optional(),
  /** Static credentials; absent: the SDK's own chain. */
  credentials: z.strictObject({ accessKeyId: secretReference, secretAccessKey: secretReference }).optional(),
  hostedZoneId: z.string().regex(/^[A-Z0-9]+$/),
  recordName: host,
  ttl: duration,
  /** TXT record that holds the epoch; changed in the same batch as the route. */
  epochRecordName: host,
  methods: z.array(z.enum(['data-plane', 'control-plane'])).min(1),
  /** Health check of the primary failover record, which watches the switch, and the one that watches the site itself. */
  switchHealthCheckId: z.string(),
  siteHealthCheckId: z.string(),
  healthCheck: z.strictObject({ interval: duration, failureThreshold: z.int().min(1).max(10) }),
  /** Longest wait for a changed record to be in sync. */
  controlPlaneBound: duration,
  authoritativeServers: z.array(endpoint).min(1),
  resolvers: z.array(endpoint).min(2),
});

export const ssh = z.strictObject({
  user: z.string().regex(/^[a-z_][a-z0-9_-]*$/),
  privateKey: secretReference,
  /** Longest wait for a connection, and for silence on one. */
  connectTimeout: duration,
});

export const estateSite = z.strictObject({
  agent: endpoint.extend({
    /** Pinned host key, as `ssh-keygen -lf` prints it. A host that shows another key is refused. */
    hostKey: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'write the fingerprint as ssh-keygen -lf prints it: SHA256: and 43 characters'),
  }),
  database: endpoint.optional(),
  cache: endpoint.optional(),
  service: endpoint,
  /** The address that DNS gives to customers. */
  publicAddress: z.ipv4(),
  /** Where the site answers whether its switch is thrown; watched by health checks. */
  switch: z.strictObject({ url }).optional(),
});

export const estate = z.strictObject({
  name: identifier,
  detection,
  limits,
  service,
  functionProbes: z.array(functionProbe).min(1),
  database,
  cache,
  dns,
  ssh,
  sites: z.record(identifier, estateSite),
  monitoring: z.strictObject({ url, token: secretReference.optional() }),
  mail: z.strictObject({ server: endpoint, from: z.email() }),
  /** Folder for copies of finished reports. */
  reports: z.strictObject({ directory: path }),
});

export type Estate = z.infer<typeof estate>;
export type EstateSite = z.infer<typeof estateSite>;
export type FunctionProbe = z.infer<typeof functionProbe>;
