/** What the lab's parts agree on: names, accounts, times. Times are short so that a failover can be watched. */
import type { LabSite } from './addresses.ts';

export const publicHost = 'erlmcp.example.com';
/** Stand-in unit, as the service manager knows it. */
export const unit = 'erlmcp';
export const databaseName = 'erlmcp';

/** PostgreSQL's and Redis's accounts. Each has a password of its own, made when the golden copy is made. */
export const accounts = {
  /** Of the site agent, only from the site's own host. */
  admin: 'dr_admin',
  replication: 'dr_replication',
  /** Of the stand-in. */
  service: 'erlmcp',
  /** Of the orchestrator: reads, and cannot write. */
  observer: 'dr_observer',
} as const;
export type Account = keyof typeof accounts;

/** The same accounts in Redis. */
export const cacheAccounts = { admin: 'dr_admin', replication: 'dr_replication', service: 'erlmcp', observer: 'dr_observer' } as const satisfies Record<
  Account,
  string
>;

export interface SiteRole {
  readonly site: LabSite;
  /** `none`: a host with its agent, nothing restored. */
  readonly database: 'primary' | 'synchronous' | 'asynchronous' | 'none';
  /** Worker units of the stand-in, of 20; null: installed and stopped. */
  readonly workers: number | null;
}

/** us-east-1 writes, ap-southeast-1 follows synchronously, eu-central-1 asynchronously with reads at 35 %; dr has a host only. */
export const siteRoles: readonly SiteRole[] = [
  { site: 'us-east-1', database: 'primary', workers: 20 },
  { site: 'eu-central-1', database: 'asynchronous', workers: 7 },
  { site: 'ap-southeast-1', database: 'synchronous', workers: 5 },
  { site: 'dr', database: 'none', workers: null },
];

export const primarySite: LabSite = 'us-east-1';
export const synchronousSite: LabSite = 'ap-southeast-1';

export const unitsAtFullCapacity = 20;

/** Requests a second of one unit: 20 units serve the customers' 100/s with some room, 7 do not. */
export const ratePerWorker = 6;

export const ttlSeconds = 5;
/** `min-replicas-max-lag` of Redis. */
export const replicaMaxLagSeconds = 2;
export const healthCheck = { intervalSeconds: 1, failureThreshold: 3 } as const;

/** Sites that have stores at the start. */
export const storeSites: readonly LabSite[] = siteRoles.filter(({ database }) => database !== 'none').map(({ site }) => site);
