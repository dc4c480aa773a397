/** What activities are built with. Made once by the worker and handed to each `create…Activities`. */
import type { Redis } from 'ioredis';
import type pg from 'pg';
import type { Plan, SiteId } from '../plan/schema.ts';
import type { RunContext } from './context.ts';
import type { Lookouts } from './lookouts.ts';

/** Lines `key=value` of an agent's answer. */
export interface AgentFields {
  /** The value of a key; a `permanent` failure when the agent did not print it. */
  get(key: string): string;
  /** The value of a key; undefined when it is missing or empty. */
  find(key: string): string | undefined;
  /** Every value of a key that is printed more than once. */
  all(key: string): readonly string[];
  /** `yes` or `no` as a boolean. */
  flag(key: string): boolean;
  /** By how much the host's clock was ahead of the run's, at least, seconds; negative when behind, 0 where it may be right, undefined where the answer does not tell it. */
  readonly aheadSeconds: number | undefined;
  /** A time that the host tells, by the run's clock; undefined when it is missing or no time. */
  at(key: string): Date | undefined;
}

export type AgentAnswer = { readonly reachable: true; readonly fields: AgentFields } | { readonly reachable: false; readonly reason: string };

/** The fixed verbs of one site's agent, in the name of one run. Throws failures of the catalogue: `refused`, `stale-epoch`, `host-key-changed`, `permanent`. */
export interface AgentClient {
  /** A verb that changes nothing. An agent that cannot be reached within the plan's SSH time-out is a value. */
  ask(verb: string, ...args: readonly string[]): Promise<AgentAnswer>;
  /** A verb that changes something: carries the run's id and epoch. An agent that cannot be reached is a `transient` failure. */
  change(verb: string, ...args: readonly string[]): Promise<AgentFields>;
  /** Like `change`, where the port wants an unreachable agent as a value. */
  tryChange(verb: string, ...args: readonly string[]): Promise<AgentAnswer>;
}

/** Reads of servers that answer. What shall find out whether anybody answers signs in anew: probing/stores.ts. */
export interface ObserverSessions {
  /** Rejects with what the server or the network said. Within the plan's probe time-out for each question; `work` may run twice, when a kept session turns out to be broken. */
  database<T>(run: RunContext, site: SiteId, work: (client: pg.Client) => Promise<T>): Promise<T>;
  /** The same at the cache; where a question may take longer than a probe, `timeoutMilliseconds` bounds it. */
  cache<T>(run: RunContext, site: SiteId, work: (redis: Redis) => Promise<T>, timeoutMilliseconds?: number): Promise<T>;
}

export interface ActivityDependencies {
  /** The plan with this digest. A `plan-changed` failure when the worker does not hold it. */
  planOf(digest: string): Promise<Plan>;
  /** The value behind `env:NAME` or `file:PATH` (relative to the plan's folder), without a trailing newline; a `secret-missing` failure names a missing one. */
  secret(reference: string): Promise<string>;
  /** The agent of a site, for this run. Connects at the first call. */
  agent(run: RunContext, site: SiteId): AgentClient;
  /** The same of site-restore at its host; `refused` where the plan has none there. */
  restorer(run: RunContext, site: SiteId): AgentClient;
  /** The observers' sessions at databases and caches. */
  readonly sessions: ObserverSessions;
  /** Looks that go on between two questions. */
  readonly lookouts: Lookouts;
  now(): Date;
}

/** What activities need besides, when they read files that the plan names. */
export interface FolderDependencies extends ActivityDependencies {
  /** Folder of the plan: relative paths in the plan start here. */
  readonly planFolder: string;
}
