/** Does the service at a site do its work, judged by content? */
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';

export interface FunctionVerdict {
  readonly function: string;
  readonly status: 'ok' | 'degraded' | 'failed';
  /** One sentence for each difference: what was found, what was expected. */
  readonly differences: readonly string[];
  /** When the verdict was reached; RFC 3339. Green time of the function when `ok` or `degraded`. */
  readonly at: string;
  /** What it is not ready for yet, as a part of a sentence; absent when it works, or when waiting does not help. Its data is not compared then. */
  readonly waitsFor?: string;
}

export interface UptimeVerdict {
  readonly ok: boolean;
  readonly detail: string;
  /** As in a function's verdict. */
  readonly waitsFor?: string;
}

/** What a customer finds. */
export interface CustomerVerdict {
  /** One resolver of the plan at least gives the site's address. */
  readonly found: boolean;
  readonly functions: readonly FunctionVerdict[];
  /** One sentence for each resolver that did not give it. */
  readonly remarks: readonly string[];
}

/** Keys of the cache that name a row of the database, and those among them whose row is not there. */
export type ReferenceCount =
  | {
      readonly cacheKeys: string;
      readonly table: string;
      readonly counted: true;
      readonly keys: number;
      readonly dangling: number;
      /** Name of a row that is not there, in letters, digits and `_.@-`; absent where there is none such. */
      readonly example?: string;
    }
  | { readonly cacheKeys: string; readonly table: string; readonly counted: false; readonly reason: string };

export interface VerificationActivities {
  /** Each of the plan's references, counted at a site as the observer. One that cannot be counted is a value. */
  countReferences(input: { readonly run: RunContext; readonly site: SiteId }): Promise<readonly ReferenceCount[]>;
  /**
   * One function at `site`, called at the site directly: a token written and read back, freshness, row counts of its tables and counts of its cache keys against the `reference` site at the same
   * position (absent: no survivor to compare with, said in `differences` without failing). A reduced answer that the plan allows is `degraded`.
   * One that does not work is asked again for `withinSeconds`; `waitsFor` then tells apart what is only not ready yet.
   */
  verifyFunction(input: {
    readonly run: RunContext;
    readonly site: SiteId;
    readonly function: string;
    readonly reference?: SiteId;
    readonly withinSeconds: number;
  }): Promise<FunctionVerdict>;
  /** The uptime metric is served and grows within `withinSeconds`. */
  verifyUptime(input: { readonly run: RunContext; readonly site: SiteId; readonly withinSeconds: number }): Promise<UptimeVerdict>;
  /**
   * Each of `functions` called by the public name; the answer must come from `site`. Repeated until no resolver of the plan gives something else and every function works, or
   * `withinSeconds` is over. One resolver that gives the address suffices.
   */
  verifyAsCustomer(input: {
    readonly run: RunContext;
    readonly site: SiteId;
    readonly functions: readonly string[];
    readonly withinSeconds: number;
  }): Promise<CustomerVerdict>;
  /**
   * Calls each of `functions` each few seconds for the time; ends at the first failure seen twice in a row, and not while one was seen once. Where customers were `routed` to
   * the site, the authoritative servers and the resolvers are asked for the name in each round as well: one that leads elsewhere again is a relapse. Heartbeats.
   */
  watchService(input: {
    readonly run: RunContext;
    readonly site: SiteId;
    readonly functions: readonly string[];
    readonly forSeconds: number;
    readonly routed: boolean;
  }): Promise<{ readonly relapsed: boolean; readonly detail: string; readonly rounds: number }>;
}
